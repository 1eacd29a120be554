"""The stages that define, put together over one choice of stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from variate.definition.audiences import Audiences
from variate.definition.audit import ChangeLog
from variate.definition.concluding import Concluding
from variate.definition.experiments import Experiments
from variate.definition.flag_references import FlagReferences
from variate.definition.flags import Flags
from variate.definition.group import Group
from variate.definition.holdouts import Holdouts
from variate.definition.layers import Layers
from variate.definition.metrics import Metrics
from variate.definition.overrides import Overrides
from variate.definition.references import References
from variate.model.group_record import audience_record, holdout_record, layer_record
from variate.model.metric_record import metric_record
from variate.platform.backends import Backends
from variate.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """What a platform defines with."""

    experiments: Experiments
    flags: Flags
    overrides: Overrides
    audiences: Audiences
    layers: Layers
    holdouts: Holdouts
    metrics: Metrics

    @classmethod
    def over(
        cls, backends: Backends, settings: Settings, *, log: ChangeLog, announce: Callable[[], object]
    ) -> Definitions:
        """Return the stages over these backends; nothing is read yet."""
        references = References(
            audiences=backends.audiences,
            layers=backends.layers,
            holdouts=backends.holdouts,
            metrics=backends.metrics,
        )
        experiments, flags, audit = backends.experiments, backends.flags, backends.audit
        flag_references = FlagReferences(
            references=references, experiments=experiments, flags=flags, environments=settings.all_environments
        )
        return cls(
            experiments=Experiments(
                store=experiments,
                overrides=backends.overrides,
                log=log,
                audit=audit,
                references=references,
                concluding=Concluding(reports=backends.reports, log=log),
                flags=flag_references,
                announce=announce,
                delay=timedelta(seconds=settings.change_delay_seconds),
            ),
            flags=Flags(
                store=flags,
                log=log,
                references=flag_references,
                announce=announce,
            ),
            overrides=Overrides(
                store=backends.overrides,
                experiments=experiments,
                flags=flags,
                audit=audit,
                log=log,
                announce=announce,
            ),
            audiences=Audiences(
                group=Group(
                    kind="audience", store=backends.audiences, record=audience_record, log=log, announce=announce
                ),
                references=references,
                experiments=experiments,
                flags=flags,
            ),
            layers=Layers(
                group=Group(kind="layer", store=backends.layers, record=layer_record, log=log, announce=announce)
            ),
            holdouts=Holdouts(
                group=Group(kind="holdout", store=backends.holdouts, record=holdout_record, log=log, announce=announce),
                experiments=experiments,
            ),
            metrics=Metrics(
                group=Group(
                    kind="metric",
                    store=backends.metrics,
                    record=metric_record,
                    log=log,
                    announce=announce,
                    is_served=False,
                ),
                experiments=experiments,
            ),
        )
