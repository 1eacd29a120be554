"""Home: what runs, what changed, and whether all is well."""
