"""Variations forced for single units: who forced them, why and until when."""
