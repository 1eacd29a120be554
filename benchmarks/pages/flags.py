"""The flags: of each type, with rules, tags and owners, and otherwise in each environment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from benchmarks.pages.naming import AREAS, Sizes, audience_id, flag_id, named, owner, two_countries
from variate.model import FeatureFlag, FlagStatus
from variate.model.targeting_record import read_targeting, rules_record, targeting_record
from variate.testing.builders import build_flag

_VALUES = ((True, False), ("new", "old"), (20, 10), ({"limit": 20}, {"limit": 10}))


def flags(sizes: Sizes) -> Iterator[FeatureFlag]:
    """Yield the flags, the first one changed last."""
    for number in range(sizes.flags):
        rules = _rules(number, sizes)
        targeting = read_targeting(_fields(number, rules), rules)
        changed = sizes.ago(hours=3 * number + 1)
        yield build_flag(
            flag_id(number),
            name=f"{named(number).capitalize()} flag {number}",
            description=f"Switches what {AREAS[number // 10 % 10]} shows.",
            rules=rules_record(targeting.rules),
            targeting=targeting_record(targeting),
            status=FlagStatus.INACTIVE if number % 5 == 4 else FlagStatus.ACTIVE,
            created_at=changed - timedelta(days=20),
            updated_at=changed,
        )


def _rules(number: int, sizes: Sizes) -> list[dict[str, Any]]:
    of_countries = {"attribute": "country", "operator": "in", "value": two_countries(number)}
    newer = {"attribute": "version", "operator": "semver_greater_than", "value": f"{number % 9}.2.0"}
    return [
        {"name": "who tries it", "condition": {"audience": audience_id(number % sizes.audiences)}, "serve": "on"},
        {"name": "some countries", "condition": of_countries, "serve": {"rollout": {"on": 20, "off": 80}}},
        {"name": "newer apps", "condition": newer, "serve": "on"},
    ]


def _fields(number: int, rules: list[dict[str, Any]]) -> dict[str, Any]:
    on, off = _VALUES[number % 4]
    return {
        "variations": [{"name": "on", "value": on}, {"name": "off", "value": off}],
        "default": "off" if number % 3 else "on",
        "off": "off",
        "environments": {"dev": {"enabled": True}, "prod": {"enabled": number % 2 == 0, "rules": rules[:2]}},
        "owner": owner(number),
        "tags": [AREAS[number % 10], f"team-{number % 40}"],
    }
