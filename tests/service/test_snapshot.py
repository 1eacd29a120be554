"""The snapshot in force over HTTP."""

from __future__ import annotations

import gzip
import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tests.service.definitions import define_experiment, define_flag
from tests.service.running import Running, bearer, running
from variate.model.snapshot import Snapshot
from variate.patience import seconds_left
from variate.platform import Platform
from variate.settings import Settings

PLAIN = {"Accept-Encoding": "identity"}


def asked(service: Running, **headers: str) -> httpx.Response:
    return httpx.get(f"{service.url}/v1/snapshot", headers={**PLAIN, **bearer("read"), **headers})


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    define_flag(service.platform, "banner", True)
    define_experiment(service.platform, "prices")
    service.platform.evaluate_flag("u-1", "banner")


def test_its_text_is_answered_under_its_digest(service: Running) -> None:
    status = service.platform.serving_status()
    answer = asked(service)
    snapshot = service.platform.get_snapshot(status.digest)
    assert snapshot is not None
    assert (answer.status_code, answer.text) == (200, snapshot.text)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"] == f'"{status.digest}"'
    assert answer.headers["x-variate-sequence"] == str(status.sequence)
    assert int(answer.headers["x-variate-snapshot-age"]) >= 0
    assert parsedate_to_datetime(answer.headers["last-modified"]) == status.published_at.replace(microsecond=0)


def test_the_store_may_take_so_long_and_no_longer(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    read, had = service.platform.get_snapshot, list[float]()

    def noting(digest: str) -> Snapshot | None:
        had.append(seconds_left())
        return read(digest)

    monkeypatch.setattr(service.platform, "get_snapshot", noting)
    define_flag(service.platform, "another", True)
    service.platform.serving_status()
    assert asked(service).status_code == 200
    assert had[0] <= 5


def test_it_is_packed_for_who_takes_it_so(service: Running) -> None:
    with httpx.stream("GET", f"{service.url}/v1/snapshot", headers={**bearer("read"), "Accept-Encoding": "gzip"}) as it:
        packed = b"".join(it.iter_raw())
    assert it.headers["content-encoding"] == "gzip"
    assert it.headers["etag"] == f"W/{asked(service).headers['etag']}"
    assert gzip.decompress(packed) == asked(service).content


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "br, gzip; q=0.0"])
def test_it_is_not_packed_for_others(service: Running, accepted: str) -> None:
    assert "content-encoding" not in asked(service, **{"Accept-Encoding": accepted}).headers


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}'])
def test_who_has_it_is_told_so_until_it_changes(service: Running, form: str) -> None:
    etag = form.format(asked(service).headers["etag"])
    again = asked(service, **{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    define_flag(service.platform, f"another-{form}", True)
    service.platform.evaluate_flag("u-1", "banner")
    changed = asked(service, **{"If-None-Match": etag})
    assert changed.status_code == 200
    assert f"another-{form}" in json.loads(changed.content)["flags"]


def test_it_takes_more_than_a_key_that_may_stand_in_a_browser(service: Running) -> None:
    assert asked(service, **bearer("evaluate")).status_code == 403
    assert httpx.get(f"{service.url}/v1/snapshot").status_code == 401


def test_a_process_that_has_decided_nothing_yet_answers_too(tmp_path: Path) -> None:
    with Platform.open(Settings(home=tmp_path)) as platform, running(platform) as served:
        assert json.loads(asked(served).content)["flags"] == {}
