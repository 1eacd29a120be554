"""Events over HTTP, measured: the service in a process of its own, and wrk, which sends to it."""
