"""OFREP: one flag at a time."""

from __future__ import annotations

import httpx

from tests.service.running import Running, bearer


def test_a_flag_is_answered_with_its_value(service: Running) -> None:
    service.platform.create_feature_flag(
        "Banner",
        flag_id="banner",
        status="active",
        variations=[{"name": "on", "value": True}, {"name": "off", "value": False}],
        off="off",
        default="on",
        environments={"dev": {"enabled": True}},
    )
    answer = httpx.post(
        f"{service.url}/ofrep/v1/evaluate/flags/banner",
        json={"context": {"targetingKey": "u-1"}},
        headers=bearer("evaluate"),
    )
    assert (answer.status_code, answer.json()["value"]) == (200, True)
