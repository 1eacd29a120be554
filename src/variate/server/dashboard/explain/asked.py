"""What is asked for an explanation, as it is typed: a unit, an experiment or a flag, a moment and attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from variate.errors import InvalidInputError
from variate.model import Json
from variate.server.dashboard.form import Form
from variate.server.dashboard.templating import path_of, typed_moment
from variate.server.dashboard.typed_json import json_text, json_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Of whom, of what (an experiment, a flag, or neither: of all), when, and what is known of the unit."""

    unit: str
    experiment_id: str | None
    flag_id: str | None
    at: datetime | None
    attributes: Mapping[str, Json]

    def link(self, **other: str) -> str:
        """Return the path at which this is explained, to be sent to somebody; ``other`` takes the place of a field."""
        fields = {
            "unit": self.unit,
            "experiment_id": self.experiment_id,
            "flag_id": self.flag_id,
            "at": None if self.at is None else typed_moment(self.at),
            "attributes": json_text(self.attributes, indent=None) if self.attributes else None,
        }
        return path_of("explain", **fields | other)


def read_asked(form: Form) -> Asked:
    """Return what is asked; raise ``InvalidInputError`` by the field that is wrong."""
    experiment_id, flag_id = form.text("experiment_id") or None, form.text("flag_id") or None
    if experiment_id and flag_id:
        raise InvalidInputError("flag_id", "must be empty where an experiment is given: one is explained at a time")
    at = form.moment("at")
    if at is not None and not (experiment_id or flag_id):
        raise InvalidInputError("at", "is for one experiment or flag: say which, or leave the time empty for now")
    return Asked(
        unit=form.text("unit"),
        experiment_id=experiment_id,
        flag_id=flag_id,
        at=at,
        attributes=_read_attributes(form),
    )


def _read_attributes(form: Form) -> dict[str, Json]:
    """Return what is typed as JSON, and what is typed in rows."""
    given = form.json("attributes")
    if not isinstance(given, dict | None):
        raise InvalidInputError("attributes", 'must be a JSON object such as {"country": "DE"}')
    attributes: dict[str, Json] = dict(given or {})
    for number in form.rows("attributes"):
        field = f"attributes[{number}].name"
        name, value = form.text(field), form.text(f"attributes[{number}].value")
        if not name and not value:
            continue
        if not name:
            raise InvalidInputError(field, "must be given where there is a value")
        if name in attributes:
            raise InvalidInputError(field, f"must be given once: {name!r} stands twice")
        attributes[name] = _value(value)
    return attributes


def _value(text: str) -> Json:
    """Return a number, true or false, or a list as what it is; what is no JSON is text."""
    try:
        return json_value("value", text) if text else ""
    except InvalidInputError:
        return text
