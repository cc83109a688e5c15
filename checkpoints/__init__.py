"""Room: checkpoints."""
