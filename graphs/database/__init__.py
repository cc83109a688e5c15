"""The database domain: make slow queries fast without losing data."""
