"""Tests of the models\x27 side: asking, books, cassettes, misbehaving servers."""
