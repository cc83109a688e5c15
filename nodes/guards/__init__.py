"""Guards: pure functions over what a model said and what happened."""
