"""JSON values that cannot be changed, so that whoever is given one may share it with everybody else."""

from __future__ import annotations

from typing import Any, NoReturn

from variate.model.document import Json


def read_only(value: Json) -> Json:
    """Return the value with every dict and list in it unchangeable.

    They are dicts and lists all the same: equal to what they were made of, and encoded alike. ``dict(value)``,
    ``value.copy()`` and ``list(value)`` give one that can be changed.
    """
    if isinstance(value, dict):
        return ReadOnlyDict({key: read_only(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return ReadOnlyList(map(read_only, value))
    return value


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError("this value is shared and cannot be changed; change a copy: dict(value), list(value)")


class ReadOnlyDict(dict[str, Any]):
    """A dict that raises ``TypeError`` where it would change."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadOnlyDict, (dict(self),)


class ReadOnlyList(list[Any]):
    """A list that raises ``TypeError`` where it would change."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadOnlyList, (list(self),)
