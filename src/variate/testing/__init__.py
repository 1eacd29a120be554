"""For tests of code that uses variate, and of stores that stand behind it: builders, clocks, conformance suites.

``variate.testing.conformance`` needs pytest; the rest needs nothing that variate does not.
"""
