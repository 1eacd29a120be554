"""Audiences, layers, holdouts and publications: true once built, and back from their records."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.decision.condition_strategies import conditions
from tests.unit.model.values import ids, instants, names, texts
from variate.errors import InvalidInputError
from variate.model.audience import Audience
from variate.model.condition import Condition
from variate.model.group_record import (
    audience_from_record,
    audience_record,
    holdout_from_record,
    holdout_record,
    layer_from_record,
    layer_record,
    publication_from_record,
    publication_record,
)
from variate.model.holdout import Holdout
from variate.model.layer import Layer, LayerRange
from variate.model.snapshot import Publication, PublicationKind
from variate.testing.builders import build_audience, build_holdout, build_layer, build_publication, build_snapshot
from variate.testing.clocks import START

common: dict[str, st.SearchStrategy[Any]] = {
    "id": ids,
    "name": names,
    "description": texts,
    "revision": st.integers(1, 1_000),
    "created_at": instants,
    "updated_at": instants,
}
digests = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    fields = {name: draw(strategy) for name, strategy in common.items()}
    bounds = sorted(draw(st.sets(st.integers(0, 10_000), min_size=2, max_size=6)))
    owners = draw(st.lists(ids, min_size=len(bounds) - 1, max_size=len(bounds) - 1, unique=True))
    ranges = {
        owner: LayerRange(layer_id=fields["id"], start=start / 100, end=end / 100)
        for owner, start, end in zip(owners, bounds, bounds[1:], strict=False)
    }
    return Layer(**fields, salt=draw(ids), ranges=ranges)


def through_json(record: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(record, allow_nan=False))
    return found


@settings(deadline=None, max_examples=40)
@given(st.fixed_dictionaries(common), conditions())
def test_an_audience_comes_back_from_its_record(fields: dict[str, Any], condition: Condition) -> None:
    audience = Audience(**fields, condition=condition)
    assert audience_from_record(through_json(audience_record(audience))) == audience


@given(st.fixed_dictionaries(common), st.integers(0, 10_000), ids)
def test_a_holdout_comes_back_from_its_record(fields: dict[str, Any], buckets: int, salt: str) -> None:
    holdout = Holdout(**fields, percentage=buckets / 100, salt=salt)
    assert holdout.buckets == buckets
    assert holdout_from_record(through_json(holdout_record(holdout))) == holdout


@given(layers())
def test_a_layer_comes_back_from_its_record(layer: Layer) -> None:
    assert layer_from_record(through_json(layer_record(layer))) == layer


@given(
    st.builds(
        Publication,
        environment=st.text("AZaz09._-", min_size=1, max_size=64),
        sequence=st.integers(1, 2**53),
        digest=digests,
        kind=st.sampled_from(PublicationKind),
        actor=names,
        reason=texts,
        at=instants,
    )
)
def test_a_publication_comes_back_from_its_record(publication: Publication) -> None:
    assert publication_from_record(through_json(publication_record(publication))) == publication


@pytest.mark.parametrize(
    ("build", "kind"), [(build_audience, "audience"), (build_layer, "layer"), (build_holdout, "holdout")]
)
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"id": ""}, "id"),
        ({"name": " "}, "name"),
        ({"description": 7}, "description"),
        ({"revision": 0}, "revision"),
        ({"revision": True}, "revision"),
        ({"created_at": START.replace(tzinfo=None)}, "created_at"),
        ({"updated_at": "2040"}, "updated_at"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(build: Any, kind: str, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        build(**given)
    assert refusal.value.field == f"{kind}.{field}"


@pytest.mark.parametrize(
    "ranges",
    [
        {"a": (0, 50), "b": (49.99, 60)},
        {"a": (0, 100), "b": (10, 20)},
        {"a": (10, 20), "b": (0, 100)},
        {"a": (10, 20), "b": (10, 20)},
    ],
)
def test_no_two_ranges_of_a_layer_overlap(ranges: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(InvalidInputError, match=r"^layer_range: overlaps in layer 'l': experiments '.' and '.'"):
        build_layer("l", ranges=ranges)


def test_ranges_that_touch_do_not_overlap() -> None:
    layer = build_layer(ranges={"b": (50, 100), "a": (0, 50)})
    assert layer.ranges["a"].buckets == (0, 5_000)
    assert layer.ranges["b"].buckets == (5_000, 10_000)


def test_a_claim_is_a_new_value_and_leaves_the_old_one() -> None:
    layer = build_layer("l", ranges={"a": (0, 50)})
    claim, at = LayerRange(layer_id="l", start=50, end=60), START + timedelta(hours=1)
    claimed = layer.claimed("b", claim, at=at)
    assert (set(layer.ranges), set(claimed.ranges)) == ({"a"}, {"a", "b"})
    assert (claimed.revision, claimed.updated_at) == (layer.revision + 1, at)
    moved = claimed.claimed("b", replace(claim, end=70), at=at)
    assert (moved.ranges["b"].end, claimed.ranges["b"].end) == (70, 60)
    given_back = moved.claimed("a", None, at=at)
    assert list(given_back.ranges) == ["b"]
    with pytest.raises(InvalidInputError, match="overlaps"):
        given_back.claimed("c", LayerRange(layer_id="l", start=0, end=50.01), at=at)


def test_what_was_given_a_layer_may_change_later_without_changing_it() -> None:
    given = {"a": LayerRange(layer_id="l", start=0, end=50)}
    layer = replace(build_layer("l"), ranges=given)
    given.clear()
    assert list(layer.ranges) == ["a"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"environment": "the moon"}, "environment"),
        ({"environment": "é"}, "environment"),
        ({"environment": "x" * 65}, "environment"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": 1.0}, "sequence"),
        ({"digest": "A" * 64}, "digest"),
        ({"digest": "a" * 63}, "digest"),
        ({"digest": None}, "digest"),
        ({"kind": "retreat"}, "kind"),
        ({"actor": " "}, "actor"),
        ({"reason": "\x00"}, "reason"),
        ({"at": START.replace(tzinfo=None)}, "at"),
    ],
)
def test_a_publication_that_cannot_be_is_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        replace(build_publication(build_snapshot()), **given)
    assert refusal.value.field == field
