"""A state machine of runs: anything in any order, killed anywhere."""
