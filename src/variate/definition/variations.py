"""Variations as callers write them, made into values, and as callers name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from variate.errors import InvalidInputError
from variate.model import MAX_DEPTH, Document, Experiment, Variation
from variate.model.rules import shown

_WRITTEN = frozenset({"name", "description", "value", "weight"})
_CARRIED = frozenset({"id", "experiment_id", "created_at", "updated_at"})


def read_variations(
    given: Iterable[Mapping[str, Any]],
    *,
    at: datetime,
    new_id: Callable[[], str],
    standing: Iterable[Variation] = (),
) -> tuple[Variation, ...]:
    """Return the variations described by ``name`` and, where given, ``description``, ``value`` and ``weight``.

    A variation named like a standing one keeps its id, its creation and what is not given anew. The further keys of a
    row that was read are passed over; any other key raises ``InvalidInputError``, as a misspelt ``weight`` should.
    """
    check_list(given)
    before = {variation.name: variation for variation in standing}
    return tuple(_read(item, place, at=at, new_id=new_id, before=before) for place, item in enumerate(given))


def check_list(given: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Return ``given`` if it is a list or the like, else raise ``InvalidInputError``."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise InvalidInputError("variations", "must be a list of dicts with a name each")
    return given


def check_variation(experiment: Experiment, name: str) -> None:
    """Raise ``InvalidInputError`` unless the experiment has a variation of this name."""
    names = [variation.name for variation in experiment.variations]
    if name not in names:
        raise InvalidInputError("variation", f"must be one of {', '.join(names)}, not {shown(name)}")


def _read(
    item: Mapping[str, Any],
    place: int,
    *,
    at: datetime,
    new_id: Callable[[], str],
    before: Mapping[str, Variation],
) -> Variation:
    field = f"variations[{place}]"
    if not isinstance(item, Mapping):
        raise InvalidInputError(field, f"must be a dict with a name, not {type(item).__name__}")
    for key in item:
        if key not in _WRITTEN and key not in _CARRIED:
            raise InvalidInputError(f"{field}.{key}", "is not known; a variation has name, description, value, weight")
    name = item.get("name")
    if not isinstance(name, str):
        raise InvalidInputError(f"{field}.name", "must be a string")
    old = before.get(name)
    try:
        return Variation(
            id=old.id if old else new_id(),
            name=name,
            description=item.get("description", old.description if old else ""),
            value=_value(item, old),
            weight=item.get("weight", old.weight if old else 1),
            created_at=old.created_at if old else at,
            updated_at=at,
        )
    except InvalidInputError as error:
        raise InvalidInputError(error.field.replace("variation", field, 1), error.rule) from error


def _value(item: Mapping[str, Any], old: Variation | None) -> Document:
    if "value" in item:
        return Document.of(item["value"], field="variation.value", max_depth=MAX_DEPTH)
    return old.value if old else Document("{}")
