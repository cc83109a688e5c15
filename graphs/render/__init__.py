"""What a run looks like to people: rows, trails, pictures; no terminal and no notebook needed."""
