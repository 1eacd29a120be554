"""Several processes that answer at one address."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.engines.redis import fresh_database
from tests.engines.session import Session
from tests.service.asking import http
from tests.service.serving import Serving, serving
from variate.platform import Platform
from variate.settings import Settings
from variate.testing.waiting import wait_until

pytestmark = pytest.mark.slow  # each process takes a second or more of a core to start

FLAG = "/ofrep/v1/evaluate/flags/none"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the service's file, with its tables."""
    made: Path = tmp_path_factory.mktemp("service")
    with Platform.open(Settings(home=made)) as platform:
        platform.migrate()
    return made


@pytest.fixture(scope="module")
def redis(engines: Session) -> Iterator[str]:
    """A database of Redis for the file."""
    with fresh_database(engines) as url:
        yield url


@pytest.fixture(scope="module")
def served(home: Path, redis: str) -> Iterator[Serving]:
    """Two processes over one SQLite file, with Redis between them."""
    with serving(home, "--processes", "2", VARIATE_REDIS_URL=redis, VARIATE_SIGN_INS_PER_MINUTE="1") as running:
        assert running.url
        yield running


def children(served: Serving) -> set[int]:
    """Return the pids of the processes that answer."""
    found = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    return {int(pid) for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def answered_by(served: Serving, count: int) -> Counter[str]:
    """Return how many of the requests each process answered, by what its ids begin with."""
    ids = [http.get(f"{served.url}/healthz").headers["x-request-id"] for _ in range(count)]
    return Counter(each.rpartition("-")[0] for each in ids)


def total(served: Serving, name: str) -> float:
    families = text_string_to_metric_families(http.get(f"{served.url}/metrics").text)
    return sum(sample.value for each in families for sample in each.samples if sample.name == name)


def test_it_says_how_many_answer(served: Serving) -> None:
    assert served.said[0].endswith("(environment dev, 2 processes)")
    assert len(children(served)) == 2
    wait_until(lambda: len(answered_by(served, 20)) == 2, what="answers of both")


def test_one_scrape_tells_of_both(served: Serving) -> None:
    wait_until(lambda: total(served, "variate_processes") == 2, what="both processes")
    before = total(served, "variate_http_requests_total")
    answered_by(served, 40)
    # A process shows the others what it counted within a second.
    wait_until(lambda: total(served, "variate_http_requests_total") >= before + 40, what="the sum of both")


def test_unknown_keys_are_counted_over_both(served: Serving) -> None:
    statuses = [
        http.post(served.url + FLAG, json={}, headers={"Authorization": f"Bearer guess-{number}"}).status_code
        for number in range(40)
    ]
    # Each process holds an address from when it hears that there were ten, at its own next guess.
    assert statuses.count(401) <= 12
    assert set(statuses) == {401, 429}


def test_one_that_dies_is_followed_by_another_and_its_counts_stay(served: Serving) -> None:
    wait_until(lambda: total(served, "variate_processes") == 2, what="both processes")
    before, counted = children(served), total(served, "variate_http_requests_total")
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(children(served) - {victim}) == 2, seconds=20, what="another process")
    assert http.get(f"{served.url}/healthz").status_code == 200  # the other goes on meanwhile
    (new,) = children(served) - before
    wait_until(lambda: len(answered_by(served, 20)) == 2, seconds=20, what="answers of both")
    assert new in children(served)
    assert total(served, "variate_http_requests_total") >= counted  # a sum that falls is taken for a new beginning
    assert any("starting another" in line for line in served.logged)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_end_together_in_good_order_also_where_each_is_told(home: Path, redis: str, number: signal.Signals) -> None:
    with serving(home, "--processes", "2", VARIATE_REDIS_URL=redis) as running:
        url, pids = running.url, children(running)
        assert len(pids) == 2
        for pid in (running.process.pid, *pids):  # as systemd does, and the terminal at Ctrl-C
            os.kill(pid, number)
        assert running.ended() == 0
        wait_until(lambda: sum("stopped: everything begun" in line for line in running.logged) == 2, what="both lines")
        with pytest.raises(httpx.ConnectError):
            http.get(f"{url}/healthz")
        assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_told_to_stop_while_they_are_being_started_all_end_in_good_order(home: Path, redis: str) -> None:
    with serving(home, "--processes", "4", VARIATE_REDIS_URL=redis) as running:
        parent = running.process.pid
        started = Path(f"/proc/{parent}/task/{parent}/children")
        wait_until(lambda: bool(started.read_text()), seconds=20, what="the first of them")
        running.stop()
        assert (running.ended(), running.logged) == (0, [])
