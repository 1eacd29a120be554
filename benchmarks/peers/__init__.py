"""Decisions in the process, ours and those of other libraries: ``python -m benchmarks.peers``, in ``.venv-peers``.

``workload`` says what is decided, in no library's words. A module a library says it in that library's: its ``make``
returns the library's ``Subject``s. ``check`` sees that a subject really decides so, ``race`` takes the time by turns.
"""
