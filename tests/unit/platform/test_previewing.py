"""A preview counts what a change would do to the units that have an assignment, and does nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from tests.unit.decision.murmur import murmur3_x86_32
from tests.unit.definition.stage import BETA, Stage
from tests.unit.testing.reference_records import ReferenceAssignmentStore
from variate.errors import InvalidInputError, LimitExceededError, NotFoundError
from variate.model import Experiment
from variate.platform.previewing import AT_ONCE, Preview, Previewing
from variate.testing.builders import build_assignment

UNITS = [f"u-{number}" for number in range(1_000)]


def place(salt: str, unit: str) -> int:
    """Return the unit's bucket, told from the written rule alone: murmur3 of ``<bytes of salt>:<salt>:<unit>``."""
    return murmur3_x86_32(f"{len(salt.encode())}:{salt}:{unit}".encode()) * 10_000 >> 32


def drawn(unit: str, *, salt: str, version: int, weights: dict[str, int], traffic: int = 100) -> str | None:
    """Return what the draw gives, for weights that divide 10,000 buckets without a rest."""
    if place(f"{salt}:{version}:traffic", unit) >= traffic * 100:
        return None
    end, at = 0, place(f"{salt}:{version}:variation", unit)
    for name, weight in weights.items():
        end += 10_000 * weight // sum(weights.values())
        if at < end:
            return name
    raise AssertionError("the weights do not divide the buckets")


class Previewed(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.ledger = ReferenceAssignmentStore()
        self.previewing = Previewing(
            experiments=self.experiments, assignments=self.ledger, flush=lambda: None, clock=self.clock
        )

    def assigned(self, experiment: Experiment, **draw: Any) -> dict[str, str]:
        """Keep what the draw gives each unit, and return it."""
        given = {unit: drawn(unit, salt="e", version=experiment.version, **draw) for unit in UNITS}
        kept = {unit: name for unit, name in given.items() if name is not None}
        self.ledger.keep(
            [
                build_assignment(unit, experiment_id="e", variation=name, version=experiment.version)
                for unit, name in kept.items()
            ]
        )
        return kept


def told(*, kept: int, moved: int, held: int, audience_matters: bool = False) -> Preview:
    """Return the preview where all were looked at."""
    otherwise = moved + held
    return Preview(
        kept=kept,
        moved=moved,
        held=held,
        looked_at=kept,
        low=otherwise,
        high=otherwise,
        audience_matters=audience_matters,
    )


@pytest.fixture
def previewed() -> Previewed:
    return Previewed()


EVEN = {"a": 1, "b": 1}
PARTS: list[dict[str, Any]] = [{"name": "a"}, {"name": "b"}]


def weighted(**weights: int) -> list[dict[str, Any]]:
    return [{"name": name, "weight": weight} for name, weight in weights.items()]


def test_a_change_that_shares_nobody_out_anew_holds_and_moves_nobody(previewed: Previewed) -> None:
    previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    changes: list[dict[str, Any]] = [
        {},
        {"ends_at": "2041-01-01T00:00:00Z"},
        {"variations": weighted(a=5, b=5)},
    ]
    for given in changes:
        assert previewed.previewing.preview_change("e", **given) == told(kept=1_000, moved=0, held=0)


@pytest.mark.parametrize("weights", [{"a": 3, "b": 1}, {"a": 1, "b": 4}, {"a": 0, "b": 1}])
def test_a_change_of_weights_moves_nobody_and_holds_who_would_be_drawn_otherwise(
    previewed: Previewed, weights: dict[str, int]
) -> None:
    kept = previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    held = sum(drawn(unit, salt="e", version=1, weights=weights) != name for unit, name in kept.items())
    assert held > 0
    found = previewed.previewing.preview_change("e", variations=weighted(**weights))
    assert found == told(kept=len(kept), moved=0, held=held)


def test_in_a_draft_whose_ledger_is_no_longer_read_moves_who_is_drawn_otherwise(previewed: Previewed) -> None:
    previewed.assigned(previewed.draft(variations=PARTS, reads_ledger=True), weights={"a": 0, "b": 1})
    otherwise = sum(drawn(unit, salt="e", version=1, weights=EVEN) == "a" for unit in UNITS)
    preview = previewed.previewing.preview_change
    assert preview("e", reads_ledger=False) == told(kept=1_000, moved=otherwise, held=0)
    assert preview("e") == told(kept=1_000, moved=0, held=otherwise)
    assert preview("e", reads_ledger=False, takes_new_units=False) == told(kept=1_000, moved=0, held=otherwise)


def test_less_traffic_holds_who_would_not_be_enrolled_any_more(previewed: Previewed) -> None:
    kept = previewed.assigned(previewed.started(variations=PARTS, traffic=80), weights=EVEN, traffic=80)
    held = sum(drawn(unit, salt="e", version=1, weights=EVEN, traffic=30) is None for unit in kept)
    assert 0 < held < len(kept) < 1_000
    assert previewed.previewing.preview_change("e", traffic=30) == told(kept=len(kept), moved=0, held=held)
    assert previewed.previewing.preview_change("e", traffic=100).held == 0


def test_a_new_version_moves_who_is_drawn_otherwise_and_holds_nobody(previewed: Previewed) -> None:
    kept = previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    moved = sum(drawn(unit, salt="e", version=2, weights=EVEN) != name for unit, name in kept.items())
    assert 400 < moved < 600
    assert previewed.previewing.preview_new_version("e") == told(kept=1_000, moved=moved, held=0)


def test_a_new_version_with_another_salt_variations_and_traffic_is_drawn_with_those(previewed: Previewed) -> None:
    kept = previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    weights = {"b": 1, "c": 3}
    new = {unit: drawn(unit, salt="new", version=2, weights=weights, traffic=60) for unit in kept}
    found = previewed.previewing.preview_new_version("e", salt="new", traffic=60, variations=weighted(**weights))
    assert found == told(kept=1_000, moved=sum(new[unit] != name for unit, name in kept.items()), held=0)


def test_a_new_version_in_a_layer_moves_who_has_no_place_in_the_range(previewed: Previewed) -> None:
    previewed.layers.create_layer("checkout", salt="l")
    previewed.started(variations=PARTS, layer="checkout", layer_range=[0, 50])
    made = previewed.store.get("e")
    assert made is not None
    kept = previewed.assigned(made, weights=EVEN)
    inside = {unit for unit in kept if 6_000 <= place("l:layer", unit) < 10_000}
    moved = sum(
        unit not in inside or drawn(unit, salt="e", version=2, weights=EVEN) != name for unit, name in kept.items()
    )
    found = previewed.previewing.preview_new_version("e", layer_range=[60, 100])
    assert found == told(kept=1_000, moved=moved, held=0)
    layer = previewed.layers.get_layer("checkout")
    assert layer is not None
    assert layer.ranges["e"].end == 50, "nothing was claimed"


def test_a_new_version_with_a_holdout_moves_who_is_held_out(previewed: Previewed) -> None:
    previewed.holdouts.create_holdout("new", percentage=20, salt="h")
    kept = previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    moved = sum(
        place("h:holdout", unit) < 2_000 or drawn(unit, salt="e", version=2, weights=EVEN) != name
        for unit, name in kept.items()
    )
    assert previewed.previewing.preview_new_version("e", holdouts=["new"]).moved == moved


def test_units_are_taken_to_be_in_the_audience_and_in_time(previewed: Previewed) -> None:
    previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    found = previewed.previewing.preview_change(
        "e", audience=BETA, ends_at="2030-01-01T00:00:00Z", takes_new_units=False, reads_ledger=True
    )
    assert found == told(kept=1_000, moved=0, held=0, audience_matters=True)


def test_only_assignments_of_the_present_version_that_have_not_expired_count(previewed: Previewed) -> None:
    previewed.started(variations=PARTS)
    previewed.experiments.start_new_version("e")
    at = previewed.time()
    ended = previewed.time.advance(minutes=1)
    previewed.ledger.keep(
        [
            build_assignment("old", experiment_id="e", version=1),
            build_assignment("new", experiment_id="e", version=2),
            build_assignment("gone", experiment_id="e", version=2, assigned_at=at, expires_at=ended),
            build_assignment("other", experiment_id="another", version=2),
        ]
    )
    assert previewed.previewing.preview_change("e").kept == 1


def test_what_this_process_has_just_assigned_counts_too(previewed: Previewed) -> None:
    previewed.started(variations=PARTS)
    pending = [build_assignment("u", experiment_id="e")]

    def flush() -> None:
        previewed.ledger.keep(pending)

    previewing = replace(previewed.previewing, flush=flush)
    assert previewing.preview_change("e").kept == 1
    pending.append(build_assignment("v", experiment_id="e"))
    assert previewing.preview_new_version("e").kept == 2


def test_every_page_of_assignments_is_read(previewed: Previewed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("variate.model.page.MAX_PAGE", 7)
    previewed.started(variations=PARTS)
    previewed.ledger.keep([build_assignment(unit, experiment_id="e") for unit in UNITS[:20]])
    assert previewed.previewing.preview_change("e").kept == 20


def test_nothing_is_stored_by_a_preview(previewed: Previewed) -> None:
    previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    before, kept = previewed.state(), dict(previewed.ledger.kept)
    previewed.previewing.preview_change("e", traffic=50)
    previewed.previewing.preview_new_version("e", salt="new")
    assert (previewed.state(), previewed.ledger.kept) == (before, kept)


def test_what_is_not_allowed_is_refused_as_the_change_would_be(previewed: Previewed) -> None:
    previewed.started(variations=PARTS)
    with pytest.raises(InvalidInputError, match=r"^salt: cannot change once"):
        previewed.previewing.preview_change("e", salt="new")
    previewed.started("read", variations=PARTS, reads_ledger=True)
    with pytest.raises(InvalidInputError, match=r"^reads_ledger: "):
        previewed.previewing.preview_change("read", reads_ledger=False)
    with pytest.raises(InvalidInputError, match=r"^variations: of an experiment that is active"):
        previewed.previewing.preview_change("e", variations=weighted(a=1, c=1))
    with pytest.raises(InvalidInputError, match=r"^traffic: "):
        previewed.previewing.preview_new_version("e", traffic=0.005)
    with pytest.raises(InvalidInputError, match=r"^layer: names 'nowhere'"):
        previewed.previewing.preview_new_version("e", layer="nowhere", layer_range=[0, 50])
    previewed.draft("draft")
    with pytest.raises(InvalidInputError, match=r"^experiment_id: must be of a started experiment"):
        previewed.previewing.preview_new_version("draft")
    for preview in (previewed.previewing.preview_change, previewed.previewing.preview_new_version):
        with pytest.raises(NotFoundError):
            preview("nobody")


def test_an_allocation_too_many_is_refused_as_the_change_would_be(previewed: Previewed) -> None:
    previewed.started(variations=PARTS)
    for number in range(100):
        previewed.experiments.update_experiment("e", traffic=99 - number % 2)
    assert previewed.previewing.preview_change("e", ends_at="2041-01-01T00:00:00Z").moved == 0
    changes: dict[str, dict[str, Any]] = {
        "variations": {"variations": weighted(a=1, b=2)},
        "traffic": {"traffic": 50},
        "audience": {"audience": BETA},
    }
    for field, given in changes.items():
        for change in (previewed.previewing.preview_change, previewed.experiments.update_experiment):
            with pytest.raises(InvalidInputError, match=f"^{field}: .*100 times.*; begin a new version"):
                change("e", **given)


def test_what_is_too_large_is_refused_as_the_change_would_be(previewed: Previewed) -> None:
    previewed.started(variations=PARTS)
    previewed.draft("draft", variations=PARTS)
    large = [{"name": name, "value": "x" * 60_000} for name in ("a", "b")]
    for preview, experiment_id in (
        (previewed.previewing.preview_change, "draft"),
        (previewed.previewing.preview_new_version, "e"),
    ):
        with pytest.raises(InvalidInputError, match=r"^experiment: must be at most"):
            preview(experiment_id, variations=large)


def test_variations_that_are_no_list_are_refused_as_the_change_would_be(previewed: Previewed) -> None:
    previewed.started(variations=PARTS)
    for preview in (previewed.previewing.preview_change, previewed.previewing.preview_new_version):
        with pytest.raises(InvalidInputError, match=r"^variations: must be a list"):
            preview("e", variations=5)  # type: ignore[arg-type]  # what is refused


def test_a_range_that_is_taken_is_refused_as_the_change_would_be(previewed: Previewed) -> None:
    previewed.layers.create_layer("checkout")
    previewed.started("other", layer="checkout", layer_range=[0, 50])
    previewed.started(layer="checkout", layer_range=[50, 100])
    previewed.draft("draft")
    with pytest.raises(InvalidInputError, match=r"^layer_range: overlaps"):
        previewed.previewing.preview_new_version("e", layer_range=[40, 100])
    with pytest.raises(InvalidInputError, match=r"^layer_range: overlaps"):
        previewed.previewing.preview_change("draft", layer="checkout", layer_range=[40, 50])


def test_an_experiment_that_ended_is_previewed_though_what_it_used_is_others_or_gone(previewed: Previewed) -> None:
    previewed.layers.create_layer("checkout")
    previewed.layers.create_layer("search")
    previewed.holdouts.create_holdout("new", percentage=5)
    for experiment_id, layer in (("e", "checkout"), ("f", "search")):
        previewed.started(experiment_id, variations=PARTS, layer=layer, layer_range=[0, 50], holdouts=["new"])
        previewed.experiments.update_experiment_status(experiment_id, "completed")
    previewed.started("next", layer="checkout", layer_range=[0, 50])
    previewed.layers.remove_layer("search")
    previewed.holdouts.remove_holdout("new")
    for experiment_id in ("e", "f"):
        previewed.ledger.keep([build_assignment("u", experiment_id=experiment_id)])
        found = previewed.previewing.preview_change(experiment_id)
        assert (found.kept, found.moved) == (1, 0)


def test_what_is_named_and_not_there_is_refused_as_the_change_would_be(previewed: Previewed) -> None:
    previewed.started(variations=PARTS)
    missing: list[dict[str, Any]] = [{"audience": {"audience": "nobody"}}, {"holdouts": ["nobody"]}]
    for given in missing:
        for preview in (previewed.previewing.preview_change, previewed.previewing.preview_new_version):
            with pytest.raises(InvalidInputError, match=r"which is not there|begin a new version"):
                preview("e", **given)


def test_of_many_units_some_are_looked_at_and_all_are_estimated(
    previewed: Previewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.platform.previewing.LOOKED_AT", 200)
    kept = previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    held = sum(drawn(unit, salt="e", version=1, weights={"a": 3, "b": 1}) != name for unit, name in kept.items())
    found = previewed.previewing.preview_change("e", variations=weighted(a=3, b=1))
    assert (found.kept, found.looked_at, found.moved, found.is_estimate) == (1_000, 200, 0, True)
    assert found.held % 5 == 0, "a thousand for each two hundred"
    low, high = proportion_confint(found.held // 5, 200, method="beta")
    assert (found.low, found.high) == (math.floor(1_000 * low), math.ceil(1_000 * high))
    assert found.low <= held <= found.high
    moved = previewed.previewing.preview_new_version("e", variations=weighted(b=1, c=1))
    assert moved.held == 0
    assert moved.low < moved.moved < moved.high


def test_where_nobody_of_those_looked_at_moves_some_of_the_others_may(
    previewed: Previewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.platform.previewing.LOOKED_AT", 100)
    previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    found = previewed.previewing.preview_change("e")
    # Of none in a hundred: 1 - 0.025 ** (1 / 100) = 3.6 % at most.
    assert (found.moved, found.held, found.low, found.high) == (0, 0, 0, 37)


def test_more_assignments_than_are_counted_are_said_to_be_left_out(
    previewed: Previewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    previewed.assigned(previewed.started(variations=PARTS), weights=EVEN)
    assert not previewed.previewing.preview_change("e").is_cut
    monkeypatch.setattr("variate.platform.previewing.COUNTED", 300)
    found = previewed.previewing.preview_change("e")
    assert (found.kept, found.looked_at, found.is_cut) == (300, 300, True)


def test_only_so_many_previews_are_made_at_once(previewed: Previewed, monkeypatch: pytest.MonkeyPatch) -> None:
    previewed.started(variations=PARTS)
    sample, begun = previewed.ledger.sample, 0

    def sample_while_others_come(*asked: Any, **given: Any) -> Any:
        nonlocal begun
        begun += 1
        previewed.previewing.preview_change("e")
        return sample(*asked, **given)

    with monkeypatch.context() as context:
        context.setattr(previewed.ledger, "sample", sample_while_others_come)
        with pytest.raises(LimitExceededError, match="try again") as refusal:
            previewed.previewing.preview_new_version("e")
    assert begun == AT_ONCE
    assert refusal.value.retry_after_seconds > 0
    assert previewed.previewing.preview_change("e").kept == 0, "the turns were given back"
