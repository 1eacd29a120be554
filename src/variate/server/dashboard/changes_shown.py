"""Changes as people read them: which fields were another before, out of two records or of an audit entry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from variate.model import AuditEntry, Json
from variate.server.dashboard.values_shown import conditions_words, value_words, words_of

MOST_DIFFERENCES: Final = 60
"""How many fields a page shows of a change: all are in the audit log."""

_ABOUT = ("user_id", "experiment_id", "before_unknown")
"""What an entry says of a change beside before and after."""
_WAS = "previous_"
_BOOKKEEPING = frozenset({"revision", "created_at", "updated_at", "past"})
"""What the change says by itself: the past of an allocation is what stands before it."""
_IDENTITY = frozenset({"id", "experiment_id"})
"""What an item of a list has beside the name that tells it from the others: it says nothing more."""
_NAMED_BY = ("name", "metric", "id")
"""What tells one item of a list from the others, and stays when another is put before it."""


class _Absent:
    """There is no such field."""


_ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """What the field at ``path`` was and is, in words; None where there was, or is, no such field."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What an audit entry says: whom or what it is ``about``, by name, and the ``differences``."""

    about: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]


def differences(before: Json, after: Json) -> list[Difference]:
    """Return the fields that differ, in order of the records, each by its path such as ``variations[blue].weight``.

    Of very many they are the first, and one more than ``MOST_DIFFERENCES``: no time goes into what nobody is shown.

    Items of a list are told apart by their names where all have one, and else the list is one value; ids and times that
    they have beside are left out. What has come or gone whole is told field by field, without those that are empty.
    """
    return [*islice(_walk("", before, after), MOST_DIFFERENCES + 1)]


def changed(entry: AuditEntry) -> Changed:
    """Return what the entry says. When it was and how often something was changed by then is left out."""
    before, after, about = _sides(entry)
    found = differences(_plain(before), _plain(after))
    return Changed(tuple((name, value_words(value)) for name, value in about.items()), tuple(found))


def _sides(entry: AuditEntry) -> tuple[Json, Json, dict[str, Json]]:
    """Return before, after, and what is beside."""
    data = entry.data
    if not isinstance(data, dict):
        return _ABSENT, data, {}
    about = {name: data[name] for name in _ABOUT if name in data}
    rest = {name: value for name, value in data.items() if name not in about}
    return *_before_and_after(entry, rest), about


def _before_and_after(entry: AuditEntry, rest: dict[str, Json]) -> tuple[Json, Json]:
    """Return both: entries of different kinds say them in different ways."""
    kind = entry.entity_type
    if [*rest] == [kind] and isinstance(rest[kind], dict):
        return (rest[kind], _ABSENT) if entry.action == "removed" else (_ABSENT, rest[kind])
    if entry.action == "override_removed":
        return rest, _ABSENT
    if "before" in rest and "after" in rest:
        before, after = rest.pop("before"), rest.pop("after")
        if isinstance(before, dict) and isinstance(after, dict):
            return before, {**rest, **after}
        return {kind: before}, {**rest, kind: after}
    if "before" in rest:
        return rest.pop("before") or _ABSENT, rest
    old = {name.removeprefix(_WAS): rest.pop(name) for name in [*rest] if name.startswith(_WAS)}
    return old or _ABSENT, {name.removeprefix("new_"): value for name, value in rest.items()}


def _plain(record: Json) -> Json:
    if not isinstance(record, dict):
        return record
    return {name: value for name, value in record.items() if name not in _BOOKKEEPING}


def _walk(path: str, before: Json, after: Json) -> Iterator[Difference]:
    there = [each for each in (before, after) if each is not _ABSENT]
    if len(there) == 2 and _same(before, after):
        return
    told = _conditions(path, before, after)
    if told is not None:
        yield told
        return
    by = next((name for name in _NAMED_BY if all(_is_named(each, name) for each in there)), None)
    if by is not None:
        old, new = _by_name(before, by), _by_name(after, by)
        yield from _by_key(lambda name: f"{path}[{name}]", old, new)
        if [*old] != [*new] and sorted(old) == sorted(new):
            yield Difference(path, ", ".join(old), ", ".join(new))
    elif any(there) and all(isinstance(each, dict) for each in there):
        yield from _by_key(_below(path), before, after)
    else:
        yield Difference(path, _words(path, before), _words(path, after))


def _conditions(path: str, before: Json, after: Json) -> Difference | None:
    """Return conditions that differ as one difference in words; None for what is none."""
    there = [each for each in (before, after) if each is not _ABSENT]
    if not any(isinstance(each, dict) for each in there):
        return None
    told = conditions_words(path, there)
    if told is None:
        return None
    return Difference(path, None if before is _ABSENT else told[0], None if after is _ABSENT else told[-1])


def _by_key(named: Callable[[str], str], before: Json, after: Json) -> Iterator[Difference]:
    is_whole = before is _ABSENT or after is _ABSENT
    old, new = _dict(before), _dict(after)
    for name in [*old, *(name for name in new if name not in old)]:
        was, now = old.get(name, _ABSENT), new.get(name, _ABSENT)
        if not (is_whole and all(each is _ABSENT or _is_empty(each) for each in (was, now))):
            yield from _walk(named(name), was, now)


def _below(path: str) -> Callable[[str], str]:
    return lambda name: f"{path}.{name}" if path else name


def _dict(value: Json) -> Mapping[str, Json]:
    return {} if value is _ABSENT else value


def _is_named(value: Json, by: str) -> bool:
    """Whether it is a list of records that are told apart by this field."""
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        return False
    names = [each.get(by) for each in value]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _by_name(value: Json, by: str) -> dict[str, Json]:
    if value is _ABSENT:
        return {}
    left_out = _BOOKKEEPING | (_IDENTITY - {by})
    return {each[by]: {name: held for name, held in each.items() if name not in left_out} for each in value}


def _same(before: Json, after: Json) -> bool:
    """Whether they are one value: true is not 1."""
    return bool(before == after) and json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)


def _is_empty(value: Json) -> bool:
    return value is None or value in ("", [], {})


def _words(path: str, value: Json) -> str | None:
    return None if value is _ABSENT else words_of(path, value)
