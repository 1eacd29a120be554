"""Publish: what was defined reaches the stores that serve it."""
