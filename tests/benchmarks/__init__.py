"""Gates on what a step costs, by counting: no clock, so nothing to flake."""
