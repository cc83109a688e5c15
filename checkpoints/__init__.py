"""Room: remembering. What outlives the process: store, ledger, effects, reviews, undo."""
