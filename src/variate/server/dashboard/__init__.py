"""The dashboard: pages that the server writes, in which people define, watch and decide."""
