"""The data plane: what applications ask at every request."""
