"""Definitions as a snapshot holds them: resolved for one environment, shares in buckets, nothing left to look up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from variate.errors import InvalidInputError
from variate.model import Experiment, ExperimentStatus, FeatureFlag, FlagStatus, Override, format_instant
from variate.model.condition import Condition, condition_record
from variate.model.design import Design
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.percentage import percent_buckets
from variate.model.record import plain_number
from variate.model.targeting import EnvironmentState
from variate.model.targeting_record import read_targeting, rules_record, serve_record

Record = dict[str, Any]

_AS_EVERYWHERE = EnvironmentState()


def experiment_content(
    experiment: Experiment,
    *,
    layers: Mapping[str, Layer],
    holdouts: Mapping[str, Holdout],
    overrides: Iterable[Override],
) -> Record:
    """Return the experiment as a snapshot has it; one that is not active is there to say so.

    Raise ``InvalidInputError`` where a layer or holdout it names is not there.
    """
    if experiment.status is not ExperimentStatus.ACTIVE:
        return {"status": experiment.status.value, "version": experiment.version}
    design = experiment.design
    return {
        "status": experiment.status.value,
        "version": experiment.version,
        "salt": experiment.id if design.salt is None else design.salt,
        "unit_type": design.unit_type,
        "control": experiment.control,
        "starts_at": None if design.starts_at is None else format_instant(design.starts_at),
        "ends_at": None if design.ends_at is None else format_instant(design.ends_at),
        "variations": [{"name": each.name, "value": each.value.value} for each in experiment.variations],
        "weights": [plain_number(each.weight) for each in experiment.variations],
        "traffic": percent_buckets("traffic", design.traffic),
        "audience": _condition(design.audience),
        "layer": _layer(experiment.id, design, layers),
        "holdouts": [_holdout(name, holdouts) for name in design.holdouts],
        "takes_new_units": design.takes_new_units,
        "keeps_outside_audience": design.keeps_outside_audience,
        "reads_ledger": design.reads_ledger,
        "past": [
            {
                "weights": [plain_number(weight) for weight in past.weights],
                "traffic": percent_buckets("traffic", past.traffic),
                "audience": _condition(past.audience),
                "until": format_instant(past.until),
            }
            for past in design.past
        ],
        "overrides": _overrides(overrides),
    }


def flag_content(flag: FeatureFlag, *, environment: str, overrides: Iterable[Override]) -> Record:
    """Return the flag as a snapshot of ``environment`` has it.

    Raise ``InvalidInputError`` for targeting that breaks a rule, as a row written by hand may.
    """
    active = flag.status is FlagStatus.ACTIVE
    if flag.targeting is None:
        # Nothing is known of free-form rules but that there are none: then the flag is on or off.
        if flag.rules.value not in ([], {}):
            return {"enabled": active, "version": flag.revision, "variations": None}
        targeting = read_targeting({}, [])
    else:
        targeting = read_targeting(flag.targeting.value, flag.rules.value)
    here = targeting.environments.get(environment, _AS_EVERYWHERE)
    starts_at = here.starts_at or targeting.starts_at
    ends_at = here.ends_at or targeting.ends_at
    return {
        "enabled": active and here.enabled,
        "version": flag.revision,
        "type": targeting.type.value,
        "salt": flag.id if targeting.salt is None else targeting.salt,
        "variations": [{"name": each.name, "value": each.value.value} for each in targeting.variations],
        "rules": rules_record(targeting.rules if here.rules is None else here.rules),
        "default": serve_record(targeting.default if here.default is None else here.default),
        "off": targeting.off if here.off is None else here.off,
        "prerequisites": [
            {"flag": each.flag_id, "variations": list(each.variations)} for each in targeting.prerequisites
        ],
        "starts_at": None if starts_at is None else format_instant(starts_at),
        "ends_at": None if ends_at is None else format_instant(ends_at),
        "overrides": _overrides(overrides),
    }


def reading_ledgers(content: Mapping[str, Any], *, than: Mapping[str, Any] | None) -> Record:
    """Return the content with the ledger read in each experiment that may share units out otherwise than ``than``.

    None stands for what cannot be read: then every experiment reads its ledger, which is never wrong.
    """
    standing: Mapping[str, Any] = {} if than is None else than["experiments"]
    return {
        **content,
        "experiments": {
            key: {**record, "reads_ledger": True}
            if "weights" in record and (than is None or _may_share_otherwise(record, standing.get(key)))
            else record
            for key, record in content["experiments"].items()
        },
    }


def _may_share_otherwise(record: Record, standing: Record | None) -> bool:
    """Whether units of this version may have been assigned otherwise than this record draws them."""
    if standing is None or record["version"] != standing["version"]:  # the last allocation of this one is not there
        return True
    if "weights" not in standing or standing["reads_ledger"]:  # it is paused, say, or went back before
        return True
    return any(record[part] != standing[part] for part in ("weights", "traffic", "audience", "past"))


def _condition(condition: Condition | None) -> Any:
    return None if condition is None else condition_record(condition)


def _layer(experiment_id: str, design: Design, layers: Mapping[str, Layer]) -> Record | None:
    if design.layer is None:
        return None
    layer = layers.get(design.layer.layer_id)
    if layer is None or layer.ranges.get(experiment_id) != design.layer:
        raise InvalidInputError("layer", f"{design.layer.layer_id!r} does not hold the experiment's range")
    start, end = design.layer.buckets
    return {"id": layer.id, "salt": layer.salt, "start": start, "end": end}


def _holdout(name: str, holdouts: Mapping[str, Holdout]) -> Record:
    if name not in holdouts:
        raise InvalidInputError("holdouts", f"{name!r} is not there")
    holdout = holdouts[name]
    return {"id": holdout.id, "salt": holdout.salt, "buckets": holdout.buckets}


def _overrides(overrides: Iterable[Override]) -> Record:
    return {
        each.unit: {
            "variation": each.value,
            "until": None if each.expires_at is None else format_instant(each.expires_at),
        }
        for each in overrides
    }
