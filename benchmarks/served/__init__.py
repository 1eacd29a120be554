"""HTTP services to measure, each in a process of its own on one core: ours, and what stands beside it."""
