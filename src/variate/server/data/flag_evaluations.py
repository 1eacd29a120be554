"""``feature_flag.evaluation`` events of OpenTelemetry as exposures.

The names are those of the semantic conventions for feature flags, and the older ones that instrumentation in use sends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from variate.errors import InvalidInputError
from variate.model import EXPOSURE
from variate.model.rules import shown
from variate.server.data.otlp_records import LogRecord

EVALUATION = "feature_flag.evaluation"
EXPERIMENT = "variate.experiment"
"""The attribute that names the experiment where the key is that of a flag whose rule serves one."""
DIMENSION = "variate.dimension."
"""What the name of an attribute begins with that is a dimension of the exposure."""

_KEY = "feature_flag.key"
_UNIT = "feature_flag.context.id"
_SET = "feature_flag.set.id"
_VARIANT = ("feature_flag.result.variant", "feature_flag.variant")
_REASON = ("feature_flag.result.reason", "feature_flag.evaluation.reason")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Exposures:
    """The exposures among records; how many records are none, and what is wrong with those that should be one."""

    events: list[dict[str, Any]] = field(default_factory=list)
    ignored: int = 0
    rejected: list[InvalidInputError] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagEvaluations:
    """Knows an exposure when it sees one.

    ``variations_of`` returns the names of an experiment's variations, None for what is no running experiment. An
    evaluation whose flag set is one of ``elsewhere``, the other environments, is none of ours.
    """

    variations_of: Callable[[str], Sequence[str] | None]
    elsewhere: frozenset[str]

    def exposures(self, records: Iterable[LogRecord]) -> Exposures:
        """Return the exposures among the records."""
        found = Exposures()
        for record in records:
            try:
                event = self._exposure(record)
            except InvalidInputError as error:
                found.rejected.append(error)
                continue
            if event is None:
                found.ignored += 1
            else:
                found.events.append(event)
        return found

    def _exposure(self, record: LogRecord) -> dict[str, Any] | None:
        if EVALUATION not in (record.event_name, record.attributes.get("event.name")):
            return None
        experiment_id = _text(record, EXPERIMENT) or _text(record, _KEY)
        variation = _text(record, *_VARIANT)
        # Without a variation the unit is not in the experiment; after an error it met the caller's own value.
        if not experiment_id or not variation or _text(record, *_REASON).lower() == "error":
            return None
        variations = None if _text(record, _SET) in self.elsewhere else self.variations_of(experiment_id)
        if variations is None:
            return None
        if variation not in variations:
            raise InvalidInputError(_VARIANT[0], f"{shown(variation)} is no variation of {shown(experiment_id)}")
        unit = _text(record, _UNIT)
        if not unit:
            raise InvalidInputError(_UNIT, "must be a text, and not empty: it is the unit that met the variation")
        data: dict[str, Any] = {"variation": variation}
        dimensions = {
            name.removeprefix(DIMENSION): value if isinstance(value, str) else f"{value}"
            for name, value in record.attributes.items()
            if name.startswith(DIMENSION)
        }
        if dimensions:
            data["dimensions"] = dimensions
        return {
            "id": _id_of(record),
            "user_id": unit,
            "event_type": EXPOSURE,
            "experiment_id": experiment_id,
            "data": data,
            "timestamp": _moment(record.nanoseconds),
        }


def _text(record: LogRecord, *names: str) -> str:
    """Return the first of these attributes that is a text; an empty one where none is."""
    found = (record.attributes.get(name) for name in names)
    return next((each for each in found if isinstance(each, str) and each), "")


def _id_of(record: LogRecord) -> str:
    """Return the same id whenever the record comes, since exporters send again what they do not know to be stored."""
    digest = hashlib.sha256()
    for part in record.content():
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return f"otlp-{digest.hexdigest()}"


def _moment(nanoseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1_000) if nanoseconds else None
    except OverflowError as error:
        raise InvalidInputError("time_unix_nano", "must be before the year 10000") from error
