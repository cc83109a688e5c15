"""Files of one workspace folder: beneath a directory descriptor, previewed, journaled, undoable."""
