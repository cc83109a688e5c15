"""Runs of the whole graph in a small world of files, where everything can be seen."""
