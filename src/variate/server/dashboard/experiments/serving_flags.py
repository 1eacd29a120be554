"""The flags that serve an experiment, and where they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from variate.definition.flag_references import known_targeting
from variate.model import Experiment, FeatureFlag, FlagStatus
from variate.model.page import every_page
from variate.server.dashboard.flags.found import environment_names
from variate.server.dashboard.flags.states import State, environments_shown
from variate.server.dashboard.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingFlag:
    """A flag, and the environments in which one of its rules serves the experiment, with how it stands there."""

    flag: FeatureFlag
    environments: Sequence[tuple[str, State]]


def flags_serving(visit: Visit, experiment: Experiment) -> Iterator[ServingFlag]:
    """Yield the flags that serve the experiment anywhere, those changed last first; archived ones do not count."""
    pages = every_page(visit.platform.list_feature_flags, mentions=[experiment.id])
    for flag in (each for page in pages for each in page):
        targeting = None if flag.status is FlagStatus.ARCHIVED else known_targeting(flag)
        if targeting is None or experiment.id not in targeting.experiments:
            continue
        shown = environments_shown(flag, targeting, environment_names(visit, targeting), now=visit.now)
        where = [each for each in shown if any(rule.experiment_id == experiment.id for rule in each.rules)]
        yield ServingFlag(flag=flag, environments=[(each.name, each.state) for each in where])
