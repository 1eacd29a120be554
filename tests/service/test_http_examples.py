"""The examples of docs/howto/evaluate-over-http.md do what the page says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.running import Running
from tests.service.sdks import node

_PROJECT = Path(__file__).parents[2]
_PAGE = (_PROJECT / "docs" / "howto" / "evaluate-over-http.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _PAGE, re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    dutch = {"attribute": "country", "operator": "equals", "value": "NL"}
    service.platform.create_feature_flag(
        "New cart",
        flag_id="new-cart",
        type="boolean",
        status="active",
        default="off",
        rules=[{"name": "dutch", "condition": dutch, "serve": "on"}],
    )
    service.platform.create_experiment(
        "Checkout",
        experiment_id="checkout",
        salt="short",  # which gives user-1 the second one
        variations=[{"name": "control", "value": {"steps": 4}}, {"name": "one-page", "value": {"steps": 1}}],
    )
    service.platform.update_experiment_status("checkout", "active")


def _run(service: Running, command: list[str], code: str) -> str:
    done = subprocess.run(
        [*command, code.replace("http://localhost:8080", service.url)],
        cwd=_PROJECT,
        env={**os.environ, "VARIATE_KEY": "secret-evaluate"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_curl_is_answered_is_what_the_page_shows(service: Running) -> None:
    single, bulk, assign = _blocks("bash")
    shown_single, shown_assign = (json.loads(each) for each in _blocks("json"))
    assert json.loads(_run(service, ["bash", "-c"], single)) == shown_single
    assert json.loads(_run(service, ["bash", "-c"], assign)) == shown_assign
    told = _run(service, ["bash", "-c"], bulk)
    assert told.startswith("HTTP/1.1 200")
    assert "etag: " in told.lower()
    assert '"eventStreams":[{' in told


def test_the_python_example_runs(service: Running) -> None:
    (code,) = _blocks("python")
    _run(service, [sys.executable, "-c"], code)


def test_the_javascript_examples_say_what_they_say(service: Running) -> None:
    server, web = _blocks("javascript")
    runs = [node("@openfeature/ofrep-provider"), "--input-type=module", "-e"]
    assert _run(service, runs, server) == "true\n{ steps: 1 }\n"
    browser = "import './tests/service/node/browser.mjs';\n"
    assert _run(service, runs, browser + web + "await OpenFeature.close();\n") == "true\n"
