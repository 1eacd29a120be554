"""Flags and experiments for the service's tests to ask for."""

from __future__ import annotations

from typing import Any

from variate.platform import Platform


def define_flag(platform: Platform, flag_id: str, value: Any = "on", **given: Any) -> None:
    """Create a flag that serves ``value`` to everybody; ``other`` is its off variation."""
    fields: dict[str, Any] = {
        "status": "active",
        "variations": [{"name": "chosen", "value": value}, {"name": "other", "value": _OTHER[type(value)]}],
        "default": "chosen",
        "off": "other",
    }
    platform.create_feature_flag(flag_id, flag_id=flag_id, **fields | given)


def define_experiment(platform: Platform, experiment_id: str, **given: Any) -> None:
    """Create a running experiment of two variations with a price each."""
    platform.create_experiment(
        experiment_id,
        experiment_id=experiment_id,
        variations=[{"name": "control", "value": {"price": 10}}, {"name": "treatment", "value": {"price": 12}}],
        **given,
    )
    platform.update_experiment_status(experiment_id, "active")


NOBODY = {"attribute": "country", "operator": "equals", "value": "nowhere"}
"""The condition of an audience that none of the tests' units is in."""

_OTHER: dict[type, Any] = {bool: False, str: "off", int: 0, float: 0.5, dict: {}, list: []}
