"""Where somebody may be led on to."""

from __future__ import annotations

import pytest

from variate.errors import InvalidInputError
from variate.server.own_path import own_path


@pytest.mark.parametrize("path", ["/", "/flags?status=active#top", "/experiments/a%2Fb", "/a//b", "/a:b@c", "/[x"])
def test_a_path_of_this_host_is_led_on_to(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "flags",
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "///elsewhere.example/",
        "//[",
        "/\\elsewhere.example/",
        "/\t/elsewhere.example/",
        "/\n/elsewhere.example/",
        " //elsewhere.example/",
        "javascript:alert(1)",
        "/" + "a" * 1_000,
    ],
)
def test_nothing_else_is(path: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        own_path(path)
    assert refused.value.field == "next"
