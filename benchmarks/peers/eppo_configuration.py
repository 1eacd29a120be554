"""The workload in eppo's terms: flags of allocations, rules, splits and shards; no assignment is to be logged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Workload

_SHARDS = 10_000


def configuration(workload: Workload) -> dict[str, Any]:
    """Return the configuration as eppo's server would send it."""
    flags = [_experiment(), *map(_flag, workload.flags)]
    return {
        "createdAt": "2026-01-01T00:00:00.000Z",
        "format": "SERVER",
        "environment": {"name": "Benchmark"},
        "flags": {flag["key"]: flag for flag in flags},
    }


def _experiment() -> dict[str, Any]:
    half = _SHARDS // 2
    ranges = zip(VARIATIONS, ({"start": 0, "end": half}, {"start": half, "end": _SHARDS}), strict=True)
    splits = [
        {"variationKey": variation, "shards": [{"salt": EXPERIMENT, "ranges": [part]}]} for variation, part in ranges
    ]
    return {
        "key": EXPERIMENT,
        "enabled": True,
        "variationType": "STRING",
        "totalShards": _SHARDS,
        "variations": {variation: {"key": variation, "value": variation} for variation in VARIATIONS},
        "allocations": [{"key": "all", "doLog": False, "rules": [], "splits": splits}],
    }


def _flag(flag: Flag) -> dict[str, Any]:
    rolled = {"salt": flag.id, "ranges": [{"start": 0, "end": _SHARDS * ROLLOUT // 100}]}
    return {
        "key": flag.id,
        "enabled": True,
        "variationType": "BOOLEAN",
        "totalShards": _SHARDS,
        "variations": {"on": {"key": "on", "value": True}, "off": {"key": "off", "value": False}},
        "allocations": [
            _allocation("countries", [("country", "ONE_OF", list(flag.countries))]),
            _allocation("version", [("version", "GTE", flag.version)]),
            _allocation("plan", [("plan", "ONE_OF", [PLAN]), ("age", "GT", flag.age)]),
            _allocation("rollout", [], shards=[rolled]),
            _allocation("else", [], variation="off"),
        ],
    }


def _allocation(
    key: str, conditions: Sequence[tuple[str, str, object]], *, variation: str = "on", shards: Sequence[object] = ()
) -> dict[str, Any]:
    written = [{"attribute": name, "operator": operator, "value": value} for name, operator, value in conditions]
    return {
        "key": key,
        "doLog": False,
        "rules": [{"conditions": written}] if written else [],
        "splits": [{"variationKey": variation, "shards": list(shards)}],
    }
