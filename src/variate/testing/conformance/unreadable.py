"""What each list of definitions promises of one that breaks a rule as it is stored: it is named, and holds up none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import pytest

from variate.errors import InvalidInputError
from variate.testing.conformance.paging import Fetch

Spoil: TypeAlias = Callable[[str], None]
"""Write past the store, so that what is stored under this id breaks a rule of the model."""


def check_unreadable(fetch: Fetch[Any], get: Callable[[str], object], *, spoilt: str, sound: Iterable[str]) -> None:
    """Look for the spoilt one among the unreadable of every list and nowhere else, and for the sound ones."""
    for limit in (1, 2, 100):
        found: list[str] = []
        unreadable: list[str] = []
        key: str | None = None
        while True:
            page = fetch(limit, key)
            found += [each.id for each in page]
            unreadable += page.unreadable
            for error in page.unreadable.values():
                _check_named(error, spoilt)
            key = page.last_key
            if key is None:
                break
            assert len(page) + len(page.unreadable) == limit, "what is left out counts toward the limit"
        assert (sorted(found), unreadable) == (sorted(sound), [spoilt])
    with pytest.raises(InvalidInputError) as raised:
        get(spoilt)
    _check_named(raised.value, spoilt)
    for each in sound:
        assert get(each) is not None


def _check_named(error: Exception, spoilt: str) -> None:
    assert isinstance(error, InvalidInputError)
    assert repr(spoilt) in str(error), "the error says which one it is of"
