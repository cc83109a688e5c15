"""A collection of documents: indexed, searched, read by spans, and quotes found again in it."""
