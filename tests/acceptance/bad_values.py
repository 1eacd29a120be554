"""Values that no field takes, calls made with them, and what those calls did instead of refusing."""

from __future__ import annotations

import math
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from variate.errors import InvalidInputError

NAIVE = datetime(2026, 1, 31, 9, 30)  # noqa: DTZ001 - naive is what is wrong with it
LONG = "x" * 10_240
NUL = "a\x00b"
SURROGATE = "half a pair: \ud83d"
HUGE = 10**400
ENDLESS = 10**5_000
"""More digits than Python writes: even a message with it fails."""


class Circular(list[object]):
    """A list that holds itself."""

    def __init__(self) -> None:
        super().__init__()
        self.append(self)


class Case(NamedTuple):
    """A call that is to be refused, and the field that the refusal names."""

    name: str
    field: str
    call: Callable[[], object]


NAMES = ["", "  ", LONG, NUL, SURROGATE, 7, b"name", ["name"]]
IDS = ["", LONG, NUL, SURROGATE, None, 7, b"id", ["id"]]
TEXTS = [None, 7, NUL, SURROGATE, "x" * 60_000]
DAYS = [0, -1, math.nan, math.inf, "30", True, 10**9, HUGE, ENDLESS, [30]]
SECONDS = [0, -1, math.nan, math.inf, "60", None, True, HUGE, ENDLESS, [60]]
COUNTS = [0, -1, 1.5, "10", None, True, 10**9, HUGE, ENDLESS]
LIMITS = [0, -1, 10**9, "10", 2.5, True, ENDLESS, [1]]
STATUSES = ["running", "", "ACTIVE", None, True, 7, LONG, NUL, SURROGATE]
TIMES = [
    NAIVE,
    "2026-01-31T09:30:00",
    "2026-01-31",
    "yesterday",
    "",
    LONG,
    1_700_000_000,
    datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "2026-01-31T09:30:00Z\x00",
    SURROGATE,
]


def _forged(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


LAST_KEYS = [
    "what is this",
    {"id": "a", "experiment_id": "b"},  # the guide's
    "",
    _forged("[]"),
    _forged('{"id": "x"}'),
    _forged("[1,2,3]"),
    _forged("[[[[]]]]"),
    _forged('["a","b","c","d"]'),
    _forged('["\\u0000","b","c"]'),
    "A" * 100_000,
    "schlüssel",
    SURROGATE,
]


def bad_documents() -> list[object]:
    """Return what is no JSON value that every store can hold."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    return [
        {"x": math.nan},
        {"x": [math.inf]},
        -math.inf,
        {"x": NUL},
        {NUL: 1},
        {"x": SURROGATE},
        {SURROGATE: 1},
        {"x": datetime.now(UTC)},
        {"x": uuid.uuid4()},
        {"x": Decimal("1.5")},
        b"x",
        {1, 2},
        object(),
        {1: "x"},
        {"x": [{None: 1}]},
        Circular(),
        deep,
        {"x": ENDLESS},
        "y" * 400_001,
        ["é" * 210_000],
    ]


def cases(what: str, field: str, values: Iterable[Any], call: Callable[[Any], object]) -> list[Case]:
    """Return a case for each value: ``call(value)`` is to be refused for ``field``."""
    return [Case(f"{what} {_shown(value)}", field, partial(call, value)) for value in values]


def failures(given: Iterable[Case]) -> str:
    """Make the calls; return, a line each, what was not refused naming the field and a rule one can read."""
    found = []
    for name, field, call in given:
        try:
            result = call()
        except InvalidInputError as error:
            if error.field != field:
                found.append(f"{name}: names the field {error.field!r}, not {field!r}")
            elif not error.rule or len(str(error)) > 2_000:
                found.append(f"{name}: has no readable rule: {str(error)[:80]!r}")
        except Exception as error:  # noqa: BLE001 - which one it is, is what the test shows
            found.append(f"{name}: raises {type(error).__name__}: {error!s:.120}")
        else:
            found.append(f"{name}: is taken: {_shown(result)}")
    return "\n".join(found)


def _shown(value: object) -> str:
    try:
        return f"{value!r:.40}"
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} beyond showing"
