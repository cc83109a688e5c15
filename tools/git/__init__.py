"""Git for a run, in a worktree and a repository of its own; the user's is read, until a merge."""
