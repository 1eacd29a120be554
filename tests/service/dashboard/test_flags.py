"""Flags: found, looked at side by side, switched off and on."""

from __future__ import annotations

import pytest

from tests.service.dashboard.people import Browser, words
from tests.service.running import Running
from variate.platform import Platform


@pytest.fixture(scope="module")
def platform(service: Running) -> Platform:
    """The platform with a flag that differs in prod, and a free-form one."""
    platform = service.platform
    platform.create_feature_flag(
        "New checkout",
        flag_id="checkout",
        status="active",
        type="boolean",
        rules=[
            {
                "name": "germans",
                "condition": {"attribute": "country", "operator": "equals", "value": "DE"},
                "serve": "on",
            }
        ],
        default="off",
        owner="ana",
        tags=["shop"],
        environments={"prod": {"default": {"rollout": {"on": 20, "off": 80}}}},
    )
    platform.create_feature_flag("Banner", flag_id="banner", status="active", rules={"min_age": 18})
    return platform


def test_the_list_says_what_each_flag_is(platform: Platform, viewer: Browser) -> None:
    page = viewer.get("/flags")
    said = words(page)
    assert "New checkout" in said and "free-form" in said
    assert "ana" in said and "shop" in said
    assert "/flags/checkout/off" not in page.text


def test_environments_stand_side_by_side(platform: Platform, viewer: Browser) -> None:
    said = words(viewer.get("/flags/checkout"))
    assert 'germans : country equals "DE" → on' in said
    assert "Else: rollout: on 20, off 80" in said
    assert "Otherwise than in the flag: default." in said


def test_off(platform: Platform, editor: Browser) -> None:
    page = editor.get("/flags/checkout/off")
    assert "Everybody gets the off value" in words(page)
    done = editor.send("/flags/checkout/off", {"environment": "prod"})
    assert "off here" in words(done)
    done = editor.send("/flags/banner/off", {"environment": ""})
    assert platform.get_feature_flag("banner").status == "inactive"
    assert "min_age" in done.text
