"""Behaviour added to a port by wrapping it: caching, failing softly, sealing. The wrapped thing keeps its port."""
