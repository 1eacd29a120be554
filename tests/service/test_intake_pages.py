"""What the page on sending events over HTTP shows works against a service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.running import Running, api_key, keyring_of, running
from variate.model.access import Scope
from variate.platform import Platform
from variate.settings import Settings

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "send-events-over-http.md"
_BLOCKS = re.findall(r"<!-- needs a service -->\n```(python|shell)\n(.*?)```", _PAGE.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a running experiment, and a key that may ask and send."""
    home = tmp_path_factory.mktemp("shop")
    keyring = keyring_of([api_key("shop", Scope.EVALUATE, Scope.INGEST)])
    with Platform.open(Settings(home=home)) as platform, running(platform, keyring=keyring) as service:
        variations = [{"name": "control", "value": "blue"}, {"name": "green", "value": "green"}]
        platform.create_experiment("Checkout", experiment_id="checkout", variations=variations)
        platform.update_experiment_status("checkout", "active")
        yield service


def ran(service: Running, language: str, code: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code] if language == "python" else ["bash", "-euc", code]
    environ = {**os.environ, "VARIATE_URL": service.url, "VARIATE_KEY": "secret-shop"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_blocks_run_from_top_to_bottom(shop: Running) -> None:
    assert [language for language, _ in _BLOCKS] == ["shell", "python", "shell", "python"]
    said = [ran(shop, language, code) for language, code in _BLOCKS]
    assert '"accepted":2' in said[0]
    assert '"accepted":1' in said[2]
    kinds = [(event.id, event.event_type) for event in shop.platform.get_user_events("u-1")]
    assert sorted(kinds) == [
        ("https://shop.example/orders 2004", "order"),
        ("order-2001", "order"),
        ("order-2003", "order"),
        ("seen-2001", "exposure"),
    ]
    (exposure,) = shop.platform.get_user_events("u-7")
    assert (exposure.event_type, exposure.experiment_id) == ("exposure", "checkout")
    assert exposure.data == {"variation": shop.platform.decide("u-7", "checkout").variation}
