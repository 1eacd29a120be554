"""Numbers only: what a set of numbers says. Knows nothing of experiments."""
