"""Does what is learned from answers keep its promise? Simulated people and models."""
