"""Values that stores are known to alter, and what it means that one comes back unaltered."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from variate.model import MAX_DEPTH, MAX_DOCUMENT_BYTES, Document, Json
from variate.model.conclusion import Conclusion, ConclusionDecision
from variate.model.condition import read_condition
from variate.model.design import Design, ExperimentMetric, MetricRole, PastAllocation
from variate.model.layer import LayerRange
from variate.model.plan import Plan, Spending

TEXTS = {
    "emoji": "👩‍👩‍👧 in 🏳️‍🌈",
    "combining marks": "Zoe\u0308 e\u0301\u0323",
    "beyond the basic plane": "\U0010ffff\uffff\ufeff",
    "right to left": "مرحبا \u202eabc\u202c",
    "control characters": "\x01\x1b\x7f\u0085\u2028",
    "white space": " \t\r\n a \n",
    "quotes": "'; DROP TABLE events; -- \"`\\",
    "wildcards": "100%_[a-z]*?.{1}$",
    "separators": "a:b#c/d|e,f;g=h&i\x1fj",
    "escapes": "\\u0000 \\x00 %00 &amp; {{x}}",
    "like a number": "007",
    "like nothing": "null",
    "1 KB": "k" * 1_024,
    "1 KB of emoji": "😀" * 256,
}
every_text = pytest.mark.parametrize("text", list(TEXTS.values()), ids=list(TEXTS))

ALIKE = ["a", "A", " a", "a ", "ä", "a\u0308", "a\u200b", "a\n", "aa", "а", "a:1", "a#1"]  # noqa: RUF001 - on purpose
"""Ids that a careless collation, trim or normalisation takes for one another; each is an id of its own."""

IN_ORDER = ["", "B", "a", "a b", "a-b", "a_b", "b", "~", "é", "ﬀ", "\uffff", "😀"]
"""Endings in the order of their code points, in which no locale would put them."""

INSTANTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, 100_000, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
every_instant = pytest.mark.parametrize("instant", INSTANTS, ids=lambda instant: f"year {instant.year}")

JSON_VALUES: dict[str, Json] = {
    "nothing": None,
    "an empty object": {},
    "an empty list": [],
    "empty text": "",
    "zero": 0,
    "false": False,
    "numbers": [1e300, 5e-324, 0.1, 1 / 3, 2.0, 2, -0.0, 10**40, -(2**63), 2**64, 1e22, 123456789.123456789],
    "truths beside numbers": [True, 1, 1.0, False, 0, 0.0, None],
    "keys": {"": "empty", "a.b": 1, "$set": 2, "#n": 3, ":v": 4, "😀": 5, "e\u0301": 6, "é": 7, "A": 8, "a": 9},
    "texts": list(TEXTS.values()),
    "text of numbers": ["1e300", "NaN", "Infinity", "2024-01-01T00:00:00Z", "true"],
    "nesting": {"a": [{"b": [[], {}, [None, {"c": ""}]]}]},
    "as deep as may be": json.loads("[" * (MAX_DEPTH - 1) + '{"deep": 1}' + "]" * (MAX_DEPTH - 1)),
}
every_json = pytest.mark.parametrize("value", list(JSON_VALUES.values()), ids=list(JSON_VALUES))

CONDITION = read_condition(
    "audience",
    {
        "all": [
            {"attribute": "país.código", "operator": "in", "value": ["ES", "\u00fc", "😀"]},
            {"any": [{"audience": "beta"}, {"not": {"percentage": 12.34, "salt": "wave-1"}}]},
            {"attribute": "age", "operator": "greater_than", "value": 17.5},
        ]
    },
)
DESIGN = Design(
    hypothesis="Green is better 🟢",
    unit_type="household",
    salt="wave-1",
    audience=CONDITION,
    traffic=12.34,
    layer=LayerRange(layer_id="checkout", start=0.5, end=33.33),
    holdouts=("h-2", "h-1"),
    starts_at=INSTANTS[3],
    ends_at=INSTANTS[5],
    control="treatment",
    metrics=(
        ExperimentMetric(metric="revenue"),
        ExperimentMetric(metric="latency", role=MetricRole.GUARDRAIL, margin=0.01),
    ),
    plan=Plan(units=123_456, looks=7, alpha=0.1, spending=Spending.POCOCK),
    takes_new_units=False,
    keeps_outside_audience=True,
    reads_ledger=True,
    past=(
        PastAllocation(weights=(1, 0.5), traffic=5, audience=None, until=INSTANTS[1]),
        PastAllocation(weights=(1 / 3, 0), traffic=12.34, audience=CONDITION, until=INSTANTS[4]),
    ),
)
"""A design of which nothing is as it is by itself; the experiment has a variation called treatment."""
CONCLUSION = Conclusion(
    decision=ConclusionDecision.SHIP,
    variation="treatment",
    note="Green sells more 🟢\n\u2028in every país",
    report_id="r-1",
    decided_at=INSTANTS[3],
    decided_by="ada",
)
"""A conclusion of which nothing is as it is by itself; the experiment's control is not called treatment."""


def plain(value: object) -> Any:
    """Return ``value`` so that two are equal where a port calls them the same: documents by their JSON, 2 not 2.0."""
    if isinstance(value, Document):
        return json.dumps(value.value, sort_keys=True)
    if is_dataclass(value):
        return [type(value).__name__, {field.name: plain(getattr(value, field.name)) for field in fields(value)}]
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def document_of(size: int = MAX_DOCUMENT_BYTES) -> Document:
    """Return a document of exactly this many bytes, in characters of one to four bytes, that hardly compresses away."""
    filling = "".join(f"{number:x}é€😀" for number in range(size // 10))
    text = filling.encode()[: size - 2].decode(errors="ignore")
    text += "." * (size - 2 - len(text.encode()))
    return Document.of(text, field="sample")
