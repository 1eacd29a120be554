"""Analyse: what the recorded events say about the variations."""
