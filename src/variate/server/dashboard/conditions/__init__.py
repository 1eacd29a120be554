"""Conditions: the builder that forms have for them, and how many of a sample they match."""
