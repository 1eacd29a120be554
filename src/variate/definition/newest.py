"""A change decided on the newest state: read, decide, write, and again where another writer was first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from variate.errors import ConflictError, NotFoundError
from variate.model.rules import check_id

ATTEMPTS = 20


class _Revised(Protocol):
    @property
    def revision(self) -> int: ...


D = TypeVar("D", bound=_Revised)
T = TypeVar("T")


def on_newest(
    kind: str,
    entity_id: str,
    *,
    read: Callable[[str], D | None],
    write: Callable[[D], T],
    expected_revision: int | None,
) -> T:
    """Return what ``write`` makes of the definition that ``read`` returns.

    ``write`` raises ``ConflictError`` where another writer was first. Then it is called again with what that one left,
    unless the caller named a revision: a definition at another one raises ``ConflictError``. An unknown id raises
    ``NotFoundError``.
    """
    check_id(f"{kind}_id", entity_id)
    for attempt in range(1, ATTEMPTS + 1):
        before = read(entity_id)
        if before is None:
            break
        if expected_revision not in (None, before.revision):
            raise ConflictError(f"{kind} {entity_id!r} is at revision {before.revision}: read it again")
        try:
            return write(before)
        except ConflictError:
            if expected_revision is not None or attempt == ATTEMPTS:
                raise
    raise NotFoundError(kind, entity_id)
