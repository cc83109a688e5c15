"""Tools of MCP servers: pinned when a run begins, taken at their worst, held within bounds."""
