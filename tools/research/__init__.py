"""Searches outside: the web, Wikipedia, arXiv, through LangChain's community adapters."""
