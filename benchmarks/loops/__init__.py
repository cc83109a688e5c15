"""The loop guard on a table of patterns that must, and must not, be called circles."""
