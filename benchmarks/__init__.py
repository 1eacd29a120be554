"""What variate costs beside the bare drivers and other libraries, measured in one run: ``python -m benchmarks``.

See docs/reference/benchmarks.md. These are figures to read, not tests: no test asserts a time.
"""
