"""Assign: what a unit was given, it keeps; and what somebody forced comes first."""
