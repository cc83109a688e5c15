"""Tools for HTTP: reading what an allow-list names, and declared requests that can be undone."""
