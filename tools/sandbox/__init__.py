"""Runs what a model wrote, or only wants, where it can reach nothing but its own copy."""
