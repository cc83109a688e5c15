"""Measurements that anybody can repeat; run them as modules from the repository's root."""
