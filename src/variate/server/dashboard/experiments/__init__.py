"""Experiments: their list, their form, their life, their results."""
