"""Record: events and exposures, idempotent, acknowledged when durable."""
