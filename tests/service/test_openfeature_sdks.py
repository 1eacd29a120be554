"""OpenFeature's own providers, unchanged: what an application gets from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason

from tests.service.definitions import NOBODY, define_experiment, define_flag
from tests.service.running import Running, bearer
from tests.service.sdks import server_sdk, web_sdk

DUTCH = {"name": "dutch", "condition": {"attribute": "country", "operator": "in", "value": ["NL"]}, "serve": "other"}


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    for name, value in {"banner": True, "word": "blue", "count": 3, "share": 2.0, "shape": {"rows": [1, 2]}}.items():
        define_flag(service.platform, name, value)
        define_flag(service.platform, f"web-{name}", value)
    for name in ("regional", "web-regional"):
        define_flag(service.platform, name, "abroad", rules=[DUTCH])
    for name in ("unserved", "web-unserved"):
        define_experiment(service.platform, name, audience=NOBODY)
    define_experiment(service.platform, "prices")


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[Any]:
    """A client of the Python SDK."""
    api.set_provider(OFREPProvider(service.url, headers_factory=lambda: bearer("evaluate")))
    yield api.get_client()
    api.shutdown()
    api.clear_providers()


def test_python_gets_each_type(client: Any) -> None:
    context = EvaluationContext("u-1")
    assert client.get_boolean_value("banner", False, context) is True
    assert client.get_string_value("word", "", context) == "blue"
    assert client.get_integer_value("count", 0, context) == 3
    assert client.get_float_value("share", 0.0, context) == 2.0
    assert client.get_object_value("shape", {}, context) == {"rows": [1, 2]}


def test_python_is_told_why(client: Any) -> None:
    told = client.get_string_details("regional", "", EvaluationContext("u-1", {"country": "NL"}))
    assert (told.value, told.variant, told.reason) == ("off", "other", Reason.TARGETING_MATCH)
    assert told.flag_metadata == {"reason": "rule", "rule": "dutch", "version": 1, "flagSetId": "dev"}
    drawn = client.get_object_details("prices", {}, EvaluationContext("u-1"))
    assert (drawn.reason, drawn.flag_metadata["experiment"]) == (Reason.SPLIT, "prices")


def test_python_goes_on_with_its_default_where_there_is_no_variation(client: Any) -> None:
    told = client.get_string_details("unserved", "mine", EvaluationContext("u-1"))
    assert (told.value, told.reason, told.error_code) == ("mine", Reason.DEFAULT, None)


@pytest.mark.parametrize(
    ("key", "unit", "code"),
    [
        ("missing", "u-1", ErrorCode.FLAG_NOT_FOUND),
        ("banner", "u-1", ErrorCode.TYPE_MISMATCH),
        ("word", "", ErrorCode.TARGETING_KEY_MISSING),
    ],
)
def test_python_goes_on_with_its_default_where_something_is_wrong(
    client: Any, key: str, unit: str, code: ErrorCode
) -> None:
    told = client.get_string_details(key, "mine", EvaluationContext(unit, {"a": 1}))
    assert (told.value, told.reason, told.error_code) == ("mine", Reason.ERROR, code)


def test_node_gets_each_type_and_is_told_why(service: Running) -> None:
    context = {"targetingKey": "u-1", "country": "NL"}
    asked = [
        ("Boolean", "banner", False, context),
        ("String", "word", "", context),
        ("Number", "count", 0, context),
        ("Number", "share", 0, context),
        ("Object", "shape", {}, context),
        ("String", "regional", "", context),
        ("Object", "prices", {}, context),
        ("String", "missing", "mine", context),
        ("String", "banner", "mine", context),
        ("String", "word", "mine", {}),
        ("String", "unserved", "mine", context),
    ]
    told = server_sdk(service.url, asked)
    assert [each["value"] for each in told[:6]] == [True, "blue", 3, 2.0, {"rows": [1, 2]}, "off"]
    assert told[5]["reason"] == "TARGETING_MATCH"
    assert told[5]["flagMetadata"] == {"reason": "rule", "rule": "dutch", "version": 1, "flagSetId": "dev"}
    assert (told[6]["reason"], told[6]["flagMetadata"]["experiment"]) == ("SPLIT", "prices")
    assert [each["value"] for each in told[7:]] == ["mine"] * 4
    assert [each["errorCode"] for each in told[7:10]] == ["FLAG_NOT_FOUND", "TYPE_MISMATCH", "TARGETING_KEY_MISSING"]
    # Its provider takes an evaluation without a value for an error, and goes on with the default all the same.
    assert told[10]["reason"] == "ERROR"


def test_a_web_page_gets_all_flags_at_once_and_follows_them(service: Running) -> None:
    with web_sdk(service.url) as steps:
        ready = next(steps)
        assert ready["statuses"] == [200]
        values = {
            name: ready[name]["value"] for name in ("banner", "share", "shape", "regional", "unserved", "missing")
        }
        assert values == {
            "banner": True,
            "share": 2.0,
            "shape": {"rows": [1, 2]},
            "regional": "abroad",
            "unserved": "mine",
            "missing": "mine",
        }
        assert (ready["unserved"]["reason"], ready["missing"]["errorCode"]) == ("DEFAULT", "FLAG_NOT_FOUND")
        assert next(steps)["statuses"] == [304]
        other = next(steps)
        assert (other["statuses"], other["regional"]["value"]) == ([200], "off")
        assert other["regional"]["reason"] == "TARGETING_MATCH"
        assert next(steps)["step"] == "listening"
        service.platform.update_feature_flag_status("web-banner", "inactive")
        assert next(steps)["flagsChanged"] == ["web-banner"]
        changed = next(steps)
        assert (changed["statuses"], changed["banner"]["value"]) == ([200], False)
