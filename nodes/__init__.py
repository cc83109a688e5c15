"""Room: nodes."""
