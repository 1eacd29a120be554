"""What the suites of ``ExperimentStore`` and ``FlagStore`` ask of lists that are searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Unpack

import pytest

from variate.model import Experiment, ExperimentStatus, FeatureFlag, FlagStatus, Page
from variate.model.design import Design
from variate.model.listing import ExperimentFilters, FlagFilters
from variate.stores.ports import ExperimentStore, FlagStore
from variate.testing.builders import build_audit_entry, build_experiment, build_flag, minutes_after_start
from variate.testing.clocks import START
from variate.testing.conformance.paging import Fetch, check_pages, check_refusals
from variate.testing.conformance.samples import every_text
from variate.testing.conformance.unreadable import Spoil

ALIKE = {
    "ab": ["ab", "AB", "Ab", "xABx", " ab "],
    "AB": ["ab", "AB", "Ab", "xABx", " ab "],
    "a b": ["a b", "A B!"],
    "Ä": ["Ä"],
    "ä": ["ä", "Zäh"],
    "%": ["100%", "a%b"],
    "_": ["a_b"],
    "[a": ["[a-z]"],
    "\\": ["\\"],
    "'": ["it's"],
    "😀": ["😀😀"],
}
"""What is searched for, and the names that are found by it among all of these."""
NAMES = sorted({name for found in ALIKE.values() for name in found} | {"a", "b", "ba", "ACB", "a  b", "A\u0308", "..."})
every_search = pytest.mark.parametrize("wanted", list(ALIKE))


class FindsExperiments:
    """Goes before the suite of ``ExperimentStore``, which provides the fixtures."""

    @every_search
    def test_a_text_finds_the_experiments_with_it_in_their_name(self, store: ExperimentStore, wanted: str) -> None:
        for minute, name in enumerate(NAMES):
            _insert(store, build_experiment(f"e{minute:02}", name=name, created_at=minutes_after_start(minute)))
        newest_first = [name for name in reversed(NAMES) if name in ALIKE[wanted]]
        check_pages(_experiments(store, text=wanted), expected=newest_first, of=lambda each: each.name)

    def test_a_text_is_looked_for_in_the_id_the_name_and_the_hypothesis(self, store: ExperimentStore) -> None:
        hypothesis = Design(hypothesis="More people use the\nCheckout \U0001f6d2 if \\u0000 it is green")
        for each in (
            build_experiment("checkout-1", created_at=minutes_after_start(3)),
            build_experiment("named", name="New CHECKOUT", created_at=minutes_after_start(2)),
            build_experiment("thought", design=hypothesis, created_at=minutes_after_start(1)),
            build_experiment("described", description="checkout", variations={"checkout": 1, "other": 1}),
        ):
            _insert(store, each)
        check_pages(
            _experiments(store, text="checkout"), expected=["checkout-1", "named", "thought"], of=lambda each: each.id
        )

    @every_text
    def test_every_text_is_found_by_itself(self, store: ExperimentStore, text: str) -> None:
        _insert(store, build_experiment("e", name="name", design=Design(hypothesis=f"if{text}then")))
        _insert(store, build_experiment("other", name="other"))
        assert [each.id for each in store.list(text=text, limit=10)] == ["e"]

    def test_all_the_filters_hold_at_once(self, store: ExperimentStore) -> None:
        for number in range(24):
            _insert(
                store,
                build_experiment(
                    f"e{number:02}",
                    name=("Green", "Blue")[number % 2],
                    status=(ExperimentStatus.ACTIVE, ExperimentStatus.DRAFT)[number // 2 % 2],
                    owner=("ada", "bo")[number // 4 % 2],
                    created_at=minutes_after_start(-number),
                ),
            )
        found = _experiments(store, status=ExperimentStatus.ACTIVE, owner="ada", text="green")
        check_pages(found, expected=["e00", "e08", "e16"], of=lambda each: each.id)

    def test_a_last_key_is_of_one_search(self, store: ExperimentStore) -> None:
        for number in range(4):
            _insert(store, build_experiment(f"green-{number}", name="blue"))
        own = _experiments(store, text="green")
        assert own(1, None).last_key is not None
        others = (_experiments(store), _experiments(store, text="blue"))
        check_refusals(own, foreign=[other(1, None).last_key for other in others])
        check_refusals(others[0], foreign=[own(1, None).last_key])

    def test_one_that_breaks_a_rule_holds_up_no_search(self, store: ExperimentStore, spoil: Spoil) -> None:
        for number in range(3):
            _insert(store, build_experiment(f"green-{number}", created_at=minutes_after_start(number)))
        spoil("green-1")
        page = store.list(text="green", limit=10)
        assert ([each.id for each in page], [*page.unreadable]) == (["green-2", "green-0"], ["green-1"])


class FindsFlags:
    """Goes before the suite of ``FlagStore``, which provides the fixtures."""

    @every_search
    def test_a_text_finds_the_flags_with_it_in_their_name(self, store: FlagStore, wanted: str) -> None:
        for minute, name in enumerate(NAMES):
            _add(store, build_flag(f"f{minute:02}", name=name, created_at=minutes_after_start(minute)))
        newest_first = [name for name in reversed(NAMES) if name in ALIKE[wanted]]
        check_pages(_flags(store, text=wanted), expected=newest_first, of=lambda each: each.name)

    def test_a_text_is_looked_for_in_the_id_the_name_and_the_description(self, store: FlagStore) -> None:
        for each in (
            build_flag("checkout-1", created_at=minutes_after_start(3)),
            build_flag("named", name="Quick CHECKOUT", created_at=minutes_after_start(2)),
            build_flag("described", name="n", description="For the\nCheckout", created_at=minutes_after_start(1)),
            build_flag("ruled", name="n", rules={"checkout": 1}, targeting=_targeting(owner="checkout")),
        ):
            _add(store, each)
        check_pages(
            _flags(store, text="checkout"), expected=["checkout-1", "named", "described"], of=lambda each: each.id
        )

    def test_an_owner_and_a_tag_are_those_of_the_targeting(self, store: FlagStore) -> None:
        given = {
            "ada": _targeting(owner="ada"),
            "Ada": _targeting(owner="Ada", tags=["ada"]),
            "tagged": _targeting(owner="bo", tags=["x", "grün 😀", "ada"]),
            "nearly": _targeting(owner="ada ", tags=["grün 😀 ", "GRÜN 😀", "ada, x"]),
            "bare": _targeting(),
            "free": None,
        }
        for minute, (flag_id, targeting) in enumerate(given.items()):
            _add(store, build_flag(flag_id, targeting=targeting, rules=[], created_at=minutes_after_start(-minute)))
        for filters, expected in (
            (FlagFilters(owner="ada"), ["ada"]),
            (FlagFilters(tag="ada"), ["Ada", "tagged"]),
            (FlagFilters(tag="grün 😀"), ["tagged"]),
            (FlagFilters(owner="bo", tag="x"), ["tagged"]),
            (FlagFilters(owner="ada", tag="x"), []),
        ):
            check_pages(_flags(store, **filters), expected=expected, of=lambda each: each.id)

    def test_those_unchanged_since_a_moment_were_updated_then_or_before(self, store: FlagStore) -> None:
        flags = [build_flag(f"f{number}", created_at=minutes_after_start(-number)) for number in range(9)]
        for each in flags:
            _add(store, each)
        since = minutes_after_start(-4)
        check_pages(_flags(store, unchanged_since=since), expected=flags[4:], of=lambda each: each)
        just_before = since - timedelta(microseconds=1)
        check_pages(_flags(store, unchanged_since=just_before), expected=flags[5:], of=lambda each: each)
        first = store.list(unchanged_since=since, limit=2)
        later = store.list(unchanged_since=since + timedelta(minutes=1), limit=2, last_key=first.last_key)
        assert [*later] == flags[6:8], "the moment is no part of the key"

    def test_all_the_filters_hold_at_once(self, store: FlagStore) -> None:
        for number in range(48):
            targeting = _targeting(owner=("ada", "bo")[number // 4 % 2], tags=[("x", "y")[number // 8 % 2]])
            flag = build_flag(
                f"f{number:02}",
                name=("Green", "Blue")[number % 2],
                status=(FlagStatus.ACTIVE, FlagStatus.ARCHIVED)[number // 2 % 2],
                rules=[],
                targeting=targeting,
            )
            _add(store, replace(flag, updated_at=START + timedelta(hours=1, minutes=-number)))
        found = _flags(store, status=FlagStatus.ACTIVE, owner="ada", tag="x", text="green")
        check_pages(found, expected=["f00", "f16", "f32"], of=lambda each: each.id)

    def test_a_last_key_is_of_one_search(self, store: FlagStore) -> None:
        for number in range(4):
            _add(store, build_flag(f"green-{number}", rules=[], targeting=_targeting(owner="ada", tags=["ada"])))
        lists: Sequence[Fetch[FeatureFlag]] = [
            _flags(store),
            _flags(store, text="green"),
            _flags(store, owner="ada"),
            _flags(store, tag="ada"),
        ]
        for own in lists:
            check_refusals(own, foreign=[other(1, None).last_key for other in lists if other is not own])

    def test_one_that_breaks_a_rule_holds_up_no_search(self, store: FlagStore, spoil: Spoil) -> None:
        for number in range(3):
            targeting = _targeting(owner="ada", tags=["x"])
            created_at = minutes_after_start(number)
            _add(store, build_flag(f"green-{number}", rules=[], targeting=targeting, created_at=created_at))
        spoil("green-1")
        for filters in (FlagFilters(text="green"), FlagFilters(owner="ada"), FlagFilters(tag="x")):
            page = store.list(limit=10, **filters)
            assert ([each.id for each in page], [*page.unreadable]) == (["green-2", "green-0"], ["green-1"])


def _targeting(**fields: object) -> dict[str, object]:
    return {"type": "boolean", **fields}


def _insert(store: ExperimentStore, experiment: Experiment) -> None:
    store.insert(experiment, audit=[build_audit_entry()], outbox=[])


def _add(store: FlagStore, flag: FeatureFlag) -> None:
    store.insert(flag, audit=build_audit_entry(entity_type="flag", entity_id=flag.id))


def _experiments(store: ExperimentStore, **filters: Unpack[ExperimentFilters]) -> Fetch[Experiment]:
    def fetch(limit: int, last_key: str | None) -> Page[Experiment]:
        return store.list(limit=limit, last_key=last_key, **filters)

    return fetch


def _flags(store: FlagStore, **filters: Unpack[FlagFilters]) -> Fetch[FeatureFlag]:
    def fetch(limit: int, last_key: str | None) -> Page[FeatureFlag]:
        return store.list(limit=limit, last_key=last_key, **filters)

    return fetch
