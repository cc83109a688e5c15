"""Attacks: every guarantee against models and states that lie."""
