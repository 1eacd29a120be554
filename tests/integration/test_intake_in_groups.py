"""Events that many threads hand over are written together, and each is there once its sender is told so."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from variate.errors import StoreUnavailableError
from variate.platform import Platform
from variate.settings import Settings


@pytest.fixture(params=["sqlite", "postgres", "aws"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    """A platform on each kind of store of events."""
    environ = {"VARIATE_HOME": str(tmp_path)}
    if request.param != "sqlite":
        environ |= {"VARIATE_PROFILE": "postgres", "VARIATE_DATABASE_URL": request.getfixturevalue("postgres_url")}
    if request.param == "aws":
        environ |= {
            "VARIATE_PROFILE": "aws",
            "VARIATE_AWS_ENDPOINT": request.getfixturevalue("aws_endpoint"),
            "ENVIRONMENT": request.getfixturevalue("environment_name"),
            "VARIATE_DATABASE_SSLMODE": "disable",
        }
    with Platform.open(Settings.from_environment(environ)) as opened:
        opened.migrate()
        yield opened


def test_each_event_is_accepted_once_however_many_send_it(platform: Platform) -> None:
    run = f"{uuid4()}"
    batches = [
        [{"id": f"{run}-{n}", "user_id": run, "event_type": "e", "data": n} for n in range(start, start + 30)]
        for start in range(0, 300, 15)  # each event stands in two of them, but for the ends
    ]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda batch: platform.submit_events(batch).result(60), batches))
    statuses = [verdict.status.value for verdicts in answers for verdict in verdicts]
    assert (statuses.count("accepted"), statuses.count("duplicate")) == (315, 600 - 315)
    found = [event.id for event in platform.get_user_events(run, limit=1_000)]
    assert sorted(found) == sorted(f"{run}-{n}" for n in range(315))


def test_closing_writes_what_was_handed_over(platform: Platform) -> None:
    events = [{"id": f"{uuid4()}", "user_id": "u", "event_type": "e", "data": 1} for _ in range(2_000)]
    answers = [platform.submit_events([event]) for event in events]
    platform.close()
    assert {verdict.status.value for answer in answers for verdict in answer.result(0)} == {"accepted"}
    with pytest.raises(StoreUnavailableError):
        platform.submit_events(events)
    with Platform.open(platform.settings) as again:
        assert {verdict.status.value for verdict in again.batch_create_events(events)} == {"duplicate"}
