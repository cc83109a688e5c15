"""Prompts, one file per role; read by `nodes/models`."""
