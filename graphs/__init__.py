"""Room: graphs."""
