"""What whoever runs the service sees of it: health, numbers, traces, logs."""
