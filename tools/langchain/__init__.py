"""Any LangChain tool as a tool of ours: declared, checked, bounded, cut off in time."""
