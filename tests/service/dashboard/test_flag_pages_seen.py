"""The pages of flags in a browser: clean in both themes, as wide as a phone, with scripts and without."""

from __future__ import annotations

import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.running import Running
from variate.platform import Platform

GERMANS = {"attribute": "country", "operator": "in", "value": ["DE", "AT"]}


@pytest.fixture(scope="module")
def platform(service: Running) -> Platform:
    """A platform with a flag that has some of everything."""
    platform = service.platform
    platform.create_experiment("Prices", variations=[{"name": "on"}, {"name": "off"}], experiment_id="prices")
    platform.create_feature_flag(
        "New checkout",
        flag_id="checkout",
        description="The checkout of this year.\nIt goes when all have it.",
        status="active",
        variations=[{"name": "on", "value": {"steps": 2}}, {"name": "off", "value": {}, "description": "as it was"}],
        schema={"type": "object"},
        rules=[
            {"name": "germans", "condition": GERMANS, "serve": "on"},
            {"name": "test", "serve": {"experiment": "prices"}},
            {"name": "wave", "condition": {"not": {"any": [GERMANS]}}, "serve": {"rollout": {"on": 20, "off": 80}}},
        ],
        default="off",
        off="off",
        owner="ana",
        tags=["shop", "2026"],
        environments={"prod": {"enabled": False, "starts_at": "2030-01-01T00:00:00Z"}},
    )
    platform.create_feature_flag("Banner", flag_id="banner", rules={"min_age": 18})
    platform.create_flag_override("user-9", "checkout", "on", reason="a tester")
    return platform


PATHS = (
    "/flags",
    "/flags?show=stale",
    "/flags/new",
    "/flags/checkout",
    "/flags/checkout/edit",
    "/flags/checkout/rules",
    "/flags/checkout/environments/prod",
    "/flags/checkout/promote?source=dev&target=prod",
    "/flags/checkout/off",
    "/flags/checkout/on",
    "/flags/checkout/archive",
    "/flags/checkout/history",
    "/flags/banner",
    "/flags/banner/edit",
)


def test_every_page_is_clean(platform: Platform, opened: Opened) -> None:
    page = opened("/flags")
    for path in PATHS:
        page.goto(path)
        assert_clean(page)
