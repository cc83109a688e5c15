"""Tools for SQLite databases: a closed vocabulary of reads and index changes."""
