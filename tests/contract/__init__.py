"""What others rely on: architecture and contracts."""
