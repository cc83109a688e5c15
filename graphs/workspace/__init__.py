"""The workspace domain: an agent for the tools that a user configured."""
