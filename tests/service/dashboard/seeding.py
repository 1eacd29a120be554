"""A platform on which something of everything is, named by somebody who means ill."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from variate.clock import utc_now
from variate.model import Experiment
from variate.platform import Platform

NASTY = """<img src=x onerror=alert(1)>'"</script>{{7*7}}"""
"""A name: markup, both quotes, the end of a script, and what a template would reckon."""


def seed(platform: Platform, name: str = NASTY) -> Experiment:
    """Make something of everything, called ``name``, and return an experiment that runs, with a report."""
    platform.create_metric("sold", kind="proportion", name=name, measure="purchase", description=name)
    in_france = {"attribute": "country", "operator": "equals", "value": name}
    platform.create_audience("buyers", condition=in_france, name=name, description=name)
    platform.create_layer("checkout", name=name, description=name)
    platform.create_holdout("nobody", percentage=1, name=name, description=name)
    drafted = _experiment(platform, f"draft {name}", condition=in_france)
    running = _experiment(platform, f"running {name}", condition=None)
    platform.update_experiment_status(running.id, "active")
    ended = _experiment(platform, f"ended {name}", condition=None)
    for status in ("active", "completed"):
        platform.update_experiment_status(ended.id, status)
    paused = _experiment(platform, f"paused {name}", condition=None)
    for status in ("active", "paused"):
        platform.update_experiment_status(paused.id, status)
    full = _experiment(platform, f"full {name}", condition=None)
    platform.update_experiment_status(full.id, "active")
    platform.update_experiment(full.id, takes_new_units=False)
    _flag(platform, "button", name, "active")
    _flag(platform, "asleep", name, "inactive")
    _flag(platform, "buried", name, "archived")
    platform.create_override(name, running.id, "treatment", reason=name)
    platform.create_flag_override(name, "button", "on", reason=name)
    platform.create_api_key(name[:40], scopes=["read"])
    platform.add_person("mallory@example.com", name=name, role="viewer")
    _traffic(platform, running, name)
    platform.report_experiment(running.id, dimensions=["country"])
    assert drafted.status.value == "draft"
    return running


def _experiment(platform: Platform, name: str, **given: Any) -> Experiment:
    condition = given.pop("condition")
    return platform.create_experiment(
        name,
        description=name,
        hypothesis=name,
        owner=name,
        variations=[{"name": "control"}, {"name": "treatment", "description": name, "value": {"label": name}}],
        audience=condition,
        metrics=["sold"],
        ends_at=utc_now() + timedelta(days=9),
    )


def _flag(platform: Platform, flag_id: str, name: str, status: str) -> None:
    platform.create_feature_flag(
        name,
        flag_id=flag_id,
        description=name,
        status="active",
        variations=[{"name": "on", "value": name}, {"name": "off", "value": "plain"}],
        default="on",
        off="off",
    )
    if status != "active":
        platform.update_feature_flag_status(flag_id, status)


def _traffic(platform: Platform, experiment: Experiment, name: str) -> None:
    units = [*(f"user-{number}" for number in range(200)), name]
    events: list[dict[str, Any]] = []
    for number, (unit, decision) in enumerate(zip(units, platform.assign_many(experiment.id, units), strict=True)):
        of_unit = {"user_id": unit, "experiment_id": experiment.id}
        met = {"variation": decision.variation, "dimensions": {"country": name if number % 3 else "FR"}}
        events.append({**of_unit, "event_type": "exposure", "data": met})
        if number % 5 == 0:
            events.append({**of_unit, "event_type": "purchase", "data": {"value": 12.5, "note": name}})
    for verdict in platform.batch_create_events(events):
        assert verdict.error is None, verdict.error
