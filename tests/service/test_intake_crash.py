"""What was acknowledged is in the store: after a kill, and whatever the store goes through."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.gate import Gate
from tests.engines.waiting import wait_until
from tests.service.process import started
from tests.service.running import Running, bearer, running
from tests.service.senders import Senders
from variate.platform import Platform
from variate.server.data.taking import ANSWER_SECONDS
from variate.settings import Settings


@pytest.fixture(params=["sqlite", "postgres"])
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What chooses the store."""
    if request.param == "sqlite":
        return {"VARIATE_HOME": str(tmp_path)}
    return {"VARIATE_PROFILE": "postgres", "VARIATE_DATABASE_URL": request.getfixturevalue("postgres_url")}


@pytest.mark.slow
def test_a_service_that_is_killed_under_load_has_lost_no_event_that_it_acknowledged(environ: dict[str, str]) -> None:
    with started(environ) as service:
        senders = Senders(service.url, number=4, size=10)
        with senders.sending():
            wait_until(lambda: len(senders.acknowledged) >= 500, seconds=30, what="events to be acknowledged")
            service.kill()
            wait_until(lambda: senders.lost_connections == 4, seconds=20, what="the senders to notice")
    assert set(senders.statuses) == {202}
    with Platform.open(Settings.from_environment(environ)) as platform:
        assert senders.unknown_to(platform) == []


@pytest.fixture
def behind_gate(postgres_url: str) -> Iterator[tuple[Running, Gate]]:
    """A service whose PostgreSQL can be cut off."""
    parts = urlsplit(postgres_url)
    gate = Gate(parts.port or 0)
    url = parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{gate.port}")).geturl()
    environ = {"VARIATE_PROFILE": "postgres", "VARIATE_DATABASE_URL": url}
    try:
        with Platform.open(Settings.from_environment(environ)) as platform:
            platform.migrate()
            with running(platform) as service:
                yield service, gate
    finally:
        gate.close()


def test_with_postgres_away_senders_are_asked_to_come_back_and_lose_nothing(behind_gate: tuple[Running, Gate]) -> None:
    service, gate = behind_gate
    senders = Senders(service.url, number=4, size=5)
    with senders.sending():
        for _ in range(2):
            until_more_are_acknowledged(senders)
            gate.shut()
            until_more_are_refused(senders)
            gate.open()
    assert set(senders.statuses) == {202, 503}
    assert senders.without_wait == 0
    assert senders.unknown_to(service.platform) == []


def until_more_are_acknowledged(senders: Senders) -> None:
    least = len(senders.acknowledged) + 200
    wait_until(lambda: len(senders.acknowledged) >= least, seconds=60, what="events to be acknowledged")


def until_more_are_refused(senders: Senders) -> None:
    least = senders.statuses[503] + 100
    wait_until(lambda: senders.statuses[503] >= least, seconds=60, what="requests to be refused")


def refused_in(service: Running) -> float:
    """Send an event, see that it is refused for now, and return how many seconds that took."""
    began = time.monotonic()
    answer = httpx.post(
        f"{service.url}/v1/events",
        json=[{"user_id": "u", "event_type": "e", "data": 1}],
        headers=bearer("ingest"),
        timeout=60,
    )
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    return time.monotonic() - began


@pytest.mark.slow
def test_with_a_postgres_that_hangs_no_sender_waits_for_long(behind_gate: tuple[Running, Gate]) -> None:
    service, gate = behind_gate
    senders = Senders(service.url, number=4, size=5)
    with senders.sending():
        until_more_are_acknowledged(senders)
        gate.stick()
        assert refused_in(service) < ANSWER_SECONDS + 2
        assert refused_in(service) < 1, "that it hangs is known by then"
        gate.open()
        until_more_are_acknowledged(senders)
    assert set(senders.statuses) <= {202, 503}, "one that waited all the while may be answered when it is back"
    assert senders.unknown_to(service.platform) == []


@pytest.mark.slow
def test_with_a_file_that_stays_locked_senders_are_asked_to_come_back_and_lose_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with Platform.open(settings) as platform, running(platform) as service:
        senders = Senders(service.url, number=4, size=5)
        with senders.sending(), closing(sqlite3.connect(settings.sqlite_path, isolation_level=None)) as locker:
            until_more_are_acknowledged(senders)
            locker.execute("BEGIN IMMEDIATE")
            until_more_are_refused(senders)
            assert refused_in(service) < ANSWER_SECONDS + 2
            locker.execute("ROLLBACK")
            until_more_are_acknowledged(senders)
        assert set(senders.statuses) == {202, 503}
        assert senders.without_wait == 0
        assert senders.unknown_to(platform) == []
