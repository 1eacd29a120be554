"""Static stability: stores hang, are killed and come back under load, and evaluation answers as if nothing had been."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.engines.aws import private_dynoxide
from tests.engines.postgres import private_postgres
from tests.engines.private import PrivateEngine
from tests.engines.redis import PrivateRedis
from tests.engines.session import Session
from tests.engines.waiting import wait_until
from tests.service.alone import alone
from tests.service.asking import http
from tests.service.load import Definitions, Load, stored
from tests.service.running import bearer, running
from variate.patience import within
from variate.platform import Platform
from variate.server.management import managed_route
from variate.settings import Settings

OUTAGE_SECONDS = 4.0
CALM_SECONDS = 2.5
SLOWEST_SECONDS = 3.0
"""Far above the second that an evaluation may take, because the machine runs the load, the service and the stores."""

Engine = PrivateEngine | PrivateRedis


class Stores:
    """The engines of one deployment, and what a user sets to use them."""

    def __init__(self, engines: Mapping[str, Engine], environ: Mapping[str, str]) -> None:
        self.engines = engines
        self.environ = {**environ, "VARIATE_CHANGE_DELAY_SECONDS": "0"}

    def outages(self) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
        """Yield what happens, what begins it and what ends it: to each engine in turn, and to all at once."""
        groups = {name: [engine] for name, engine in self.engines.items()} | {"all": list(self.engines.values())}
        for name, group in groups.items():
            yield f"{name} hangs", _each(group, "pause"), _each(group, "resume")
            yield f"{name} is killed", _each(group, "kill"), _each(group, "start")

    def stop(self) -> None:
        for engine in self.engines.values():
            engine.stop()


def _each(engines: list[Engine], what: str) -> Callable[[], None]:
    def do() -> None:
        for engine in engines:
            getattr(engine, what)()

    return do


@pytest.fixture(params=["postgres", "aws"])
def stores(request: pytest.FixtureRequest, engines: Session) -> Iterator[Stores]:
    """PostgreSQL and Redis of the test's own; for ``aws`` a DynamoDB, too."""
    postgres, url = private_postgres(engines)
    redis = PrivateRedis(engines)
    found: dict[str, Engine] = {"PostgreSQL": postgres, "Redis": redis}
    environ = {"VARIATE_PROFILE": request.param, "VARIATE_DATABASE_URL": url, "VARIATE_REDIS_URL": redis.url}
    if request.param == "aws":
        found["DynamoDB"], endpoint = private_dynoxide(engines)
        environ |= {"ENVIRONMENT": f"t{uuid4().hex[:12]}", "VARIATE_DYNAMODB_ENDPOINT": endpoint}
    made = Stores(found, environ)
    yield made
    made.stop()


@pytest.mark.slow
def test_each_store_and_all_of_them_may_hang_and_die_and_nobody_gets_a_wrong_answer(
    stores: Stores, tmp_path: Path
) -> None:
    with Platform.open(Settings.from_environment(stores.environ)) as platform:
        platform.migrate()
        definitions = Definitions(platform)
        with alone(stores.environ, log=tmp_path / "log") as service:
            load = Load(service, definitions, platform)
            load.assign_all()
            definitions.change_weights(platform)
            began = time.monotonic()
            with load.running():
                time.sleep(CALM_SECONDS)  # for how long the load is undisturbed is the case
                for name, begin, end in stores.outages():
                    before = load.tally.evaluations
                    begin()
                    time.sleep(OUTAGE_SECONDS)  # for how long it is away is the case
                    print(f"{name}: {load.tally.evaluations - before:,} evaluations meanwhile")
                    end()
                    time.sleep(CALM_SECONDS)  # as long as it is back
                time.sleep(max(0.0, 60.0 - (time.monotonic() - began)))  # a minute of load in all
            print(load.tally)
            wait_until(load.shows_the_last_change, seconds=30, what="the last change being served")
            wait_until(load.is_kept, seconds=30, what="every assignment being kept")
        assert load.tally.wrong == []
        assert load.tally.failed == []
        assert load.tally.slowest_seconds < SLOWEST_SECONDS
        lost = load.tally.acknowledged - stored(platform)
        assert lost == set()
        assert load.tally.acknowledged
        assert load.tally.evaluations > 1_000


def test_a_sqlite_file_that_somebody_else_locks_holds_up_no_evaluation(tmp_path: Path) -> None:
    environ = {"VARIATE_HOME": str(tmp_path), "VARIATE_CHANGE_DELAY_SECONDS": "0"}
    with Platform.open(Settings.from_environment(environ)) as platform:
        platform.migrate()
        definitions = Definitions(platform)
        with alone(environ, log=tmp_path / "log") as service:
            load = Load(service, definitions, platform)
            load.assign_all()
            definitions.change_weights(platform)
            with load.running(), closing(sqlite3.connect(tmp_path / "variate.db")) as another:
                another.execute("BEGIN EXCLUSIVE")
                time.sleep(1.5)
                another.rollback()
            wait_until(load.shows_the_last_change, seconds=30, what="the last change being served")
        assert (load.tally.wrong, load.tally.failed) == ([], [])
        assert load.tally.slowest_seconds < SLOWEST_SECONDS
        assert load.tally.acknowledged <= stored(platform)


@pytest.mark.slow
def test_management_waits_for_a_store_that_hangs_so_long_and_no_longer(
    engines: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres, url = private_postgres(engines)
    environ = {"VARIATE_PROFILE": "postgres", "VARIATE_DATABASE_URL": url, "VARIATE_HOME": str(tmp_path)}
    monkeypatch.setattr(managed_route, "within", lambda seconds: within(min(seconds, 1.0)))
    try:
        with Platform.open(Settings.from_environment(environ)) as platform, running(platform) as service:
            platform.migrate()
            listed = f"{service.url}/api/v1/flags"
            assert http.get(listed, headers=bearer("read")).status_code == 200
            postgres.pause()
            hung = http.get(listed, headers=bearer("read"))
            assert (hung.status_code, "retry-after" in hung.headers) == (503, True)
            postgres.resume()
            wait_until(lambda: http.get(listed, headers=bearer("read")).status_code == 200, what="an answer")
    finally:
        postgres.stop()
