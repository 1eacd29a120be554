"""Where a definition is used: by what would stand in the way of its removal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from variate.definition.chains import naming
from variate.definition.flag_references import known_targeting
from variate.definition.group import NOT_ENDED
from variate.model import Experiment, FlagStatus
from variate.model.audience import Audience
from variate.model.condition import audiences_of
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.model.page import every_page
from variate.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What uses it; ``part`` is the part of the dashboard that has it, ``how`` says in words what for."""

    kind: str
    part: str
    id: str
    name: str
    status: str
    how: str


def of_audience(platform: Platform, audience: Audience) -> Iterator[Use]:
    """Yield what uses the audience, by itself or through another."""
    names: dict[str, frozenset[str]] = {}
    for each in (each for page in every_page(platform.list_audiences) for each in page):
        names[each.id] = audiences_of(each.condition)
        if audience.id in names[each.id]:
            yield Use(kind="audience", part="audiences", id=each.id, name=each.name, status="", how="names it")
    leading = naming(names, audience.id)

    def how(named: frozenset[str]) -> str | None:
        if audience.id in named:
            return "names it"
        through = sorted(named & leading)
        return f"through {', '.join(through)}" if through else None

    def of_experiment(experiment: Experiment) -> str | None:
        design = experiment.design
        conditions = (design.audience, *(past.audience for past in design.past))
        return how(frozenset().union(*(audiences_of(each) for each in conditions if each is not None)))

    yield from _experiments(platform, of_experiment, mentions=leading)
    for flag in (flag for page in every_page(platform.list_feature_flags, mentions=leading) for flag in page):
        targeting = None if flag.status is FlagStatus.ARCHIVED else known_targeting(flag)
        named = frozenset().union(*map(audiences_of, targeting.conditions)) if targeting is not None else frozenset()
        said = how(named)
        if said is not None:
            yield Use(kind="flag", part="flags", id=flag.id, name=flag.name, status=str(flag.status), how=said)


def of_metric(platform: Platform, metric: Metric) -> Iterator[Use]:
    """Yield the experiments that are judged by the metric."""
    yield from _experiments(
        platform,
        lambda each: next((f"as {used.role}" for used in each.design.metrics if used.metric == metric.id), None),
        mentions=[metric.id],
    )


def of_holdout(platform: Platform, holdout: Holdout) -> Iterator[Use]:
    """Yield the experiments that keep the holdout out."""
    yield from _experiments(
        platform,
        lambda each: "names it" if holdout.id in each.design.holdouts else None,
        mentions=[holdout.id],
    )


def of_layer(platform: Platform, layer: Layer) -> Iterator[Use]:
    """Yield the experiments that hold a range of the layer, as the ranges lie; by its id one that cannot be read."""
    holding = {each.id: each for each in _not_ended(platform, mentions=[layer.id])}
    for experiment_id, held in sorted(layer.ranges.items(), key=lambda each: each[1].start):
        found = holding.get(experiment_id)
        yield Use(
            kind="experiment",
            part="experiments",
            id=experiment_id,
            name=experiment_id if found is None else found.name,
            status="" if found is None else str(found.status),
            how=f"holds {held.start:g} to {held.end:g} %",
        )


def _experiments(
    platform: Platform, how: Callable[[Experiment], str | None], *, mentions: Iterable[str]
) -> Iterator[Use]:
    """Yield the experiments that have not ended and of which ``how`` says something; they name one of the ids."""
    for each in _not_ended(platform, mentions=mentions):
        said = how(each)
        if said is not None:
            yield Use(
                kind="experiment",
                part="experiments",
                id=each.id,
                name=each.name,
                status=str(each.status),
                how=said,
            )


def _not_ended(platform: Platform, *, mentions: Iterable[str]) -> Iterator[Experiment]:
    """Yield the experiments that have not ended and may name one of the ids, a page of them at a time."""
    for status in NOT_ENDED:
        for page in every_page(platform.list_experiments, status=status, mentions=mentions):
            yield from page
