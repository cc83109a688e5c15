"""The contract suite: tries and attacks a tool in a small world of its own, and says what fails."""
