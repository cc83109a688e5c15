"""Tests of Surefoot."""
