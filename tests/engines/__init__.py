"""The engines the tests talk to: found, started once a session, and stopped whatever happens.

``session.py`` says how long an engine lives, ``process.py`` how one is started and stopped, ``keeper.py`` who stops it
when the tests cannot; each engine has a file of its own, and ``fixtures.py`` is what tests use.
"""
