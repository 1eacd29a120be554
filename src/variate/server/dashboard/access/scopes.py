"""What each scope permits, in words: for who makes a key, and for who asks what they may do themselves."""

from __future__ import annotations

from collections.abc import Collection

from variate.model.access import Scope

SCOPES = {
    Scope.EVALUATE: "Evaluate: ask for decisions; may stand in a browser",
    Scope.INGEST: "Ingest: send events and exposures",
    Scope.READ: "Read: definitions, reports and the audit log",
    Scope.WRITE: "Write: change definitions and overrides",
    Scope.ADMIN: "Admin: everything, keys and people included",
}


def scope_words(held: Collection[Scope]) -> list[str]:
    """Return what these permit, the least of them first."""
    return [words for scope, words in SCOPES.items() if scope in held]
