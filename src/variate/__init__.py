"""variate: A/B tests and feature flags on your own data layer."""
