"""The management API: definitions over HTTP."""
