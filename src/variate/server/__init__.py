"""The service: evaluation and intake over HTTP by a bare front, management behind it."""
