"""``variate serve``, in processes of its own: how it begins, and how it ends under load."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.service.asking import http
from tests.service.serving import Serving, environment, serving
from variate.platform import Platform
from variate.settings import Settings
from variate.testing.waiting import wait_until


def key_for(home: Path) -> str:
    """Make a key that may do everything, and return its secret."""
    with Platform.open(Settings(home=home)) as platform:
        return platform.create_api_key("tests", scopes=["admin"]).secret


def test_it_says_where_it_answers_and_what_to_do_where_there_is_no_key(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert http.get(f"{served.url}/healthz").status_code == 200
        wait_until(lambda: len(served.said) == 2, what="the advice")
        assert "variate keys create" in served.said[1]
        wait_until(lambda: http.get(f"{served.url}/readyz").status_code == 200, what="readiness")
        served.stop(signal.SIGINT)
        assert served.ended() == 0
    lines = [json.loads(line) for line in served.logged]
    assert lines[-1]["message"] == "stopped: everything begun was answered, and written"
    assert {line["level"] for line in lines} == {"INFO"}


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (["--processes", "2"], {}, "VARIATE_REDIS_URL"),
        ([], {"VARIATE_PORT": "no"}, "VARIATE_PORT"),
        (["--host", "203.0.113.1"], {}, "VARIATE_HOST"),
        (["--fd", "999"], {}, "--fd"),
    ],
)
def test_what_cannot_be_right_is_said_in_one_line(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], named: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "variate.cli", "serve", *arguments],
        env=environment(tmp_path, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr


class Sender(threading.Thread):
    """Sends events one after another over a connection that is kept, and begins another when told that it ends.

    It stops when the service says that it is not ready, as whatever balances requests does; ``broken`` are requests
    that were not answered although they were sent over a connection that the service had not taken leave of.
    """

    def __init__(self, url: str, secret: str, stopped: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.broken: list[str] = []
        self._url = url
        self._stopped = stopped
        self._client = httpx.Client(headers={"Authorization": f"Bearer {secret}"}, timeout=30)

    def run(self) -> None:
        """Send until the service is not ready any more."""
        with self._client as client:
            while not self._stopped():
                event_id = str(uuid.uuid4())
                event = {"id": event_id, "user_id": "u", "event_type": "seen", "data": {}}
                try:
                    answer = client.post(f"{self._url}/v1/events", json={"events": [event]})
                except httpx.HTTPError as error:
                    self.broken.append(repr(error))
                    return
                self.statuses[answer.status_code] += 1
                if answer.status_code == 202:
                    self.acknowledged.append(event_id)


def stored(home: Path) -> set[str]:
    now = datetime.now(UTC)
    found: set[str] = set()
    last_key: str | None = None
    with Platform.open(Settings(home=home)) as platform:
        while True:
            page = platform.get_events(
                start=now - timedelta(hours=1), end=now + timedelta(hours=1), limit=1_000, last_key=last_key
            )
            found |= {event.id for event in page}
            last_key = page.last_key
            if last_key is None:
                return found


def test_stopped_under_load_it_answers_what_has_begun_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    secret = key_for(tmp_path)
    with serving(tmp_path, VARIATE_SHUTDOWN_SECONDS="20") as served:
        url = served.url
        told = threading.Event()
        senders = [Sender(url, secret, told.is_set) for _ in range(8)]
        for sender in senders:
            sender.start()
        wait_until(lambda: sum(len(sender.acknowledged) for sender in senders) > 100, seconds=30, what="load")
        served.stop()
        wait_until(lambda: http.get(f"{url}/readyz").status_code == 503, what="the end of readiness")
        # Whoever has not heard of it yet is let in for a while, and told with the answer.
        began = time.monotonic()
        while time.monotonic() - began < 1:
            late = http.post(f"{url}/v1/events", json={"events": []}, headers={"Authorization": f"Bearer {secret}"})
            assert late.headers["connection"] == "close"
        told.set()
        for sender in senders:
            sender.join(30)
        assert served.ended() == 0
    assert [broken for sender in senders for broken in sender.broken] == []
    assert set().union(*(sender.statuses for sender in senders)) == {202}
    acknowledged = {event_id for sender in senders for event_id in sender.acknowledged}
    assert acknowledged - stored(tmp_path) == set()


def test_a_request_that_has_begun_is_answered_after_the_last_connection_was_taken(tmp_path: Path) -> None:
    secret = key_for(tmp_path)
    with serving(tmp_path) as served, begun(served, secret) as slow:
        served.stop()
        wait_until(lambda: any("told to stop" in line for line in served.logged))
        wait_until(lambda: not accepts(served.url), seconds=20, what="the end of new connections")
        slow.sendall(b'{"events": []}')
        answer = slow.recv(4_096)
        assert answer.startswith(b"HTTP/1.1 ")
        assert b"connection: close" in answer
        assert served.ended() == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    secret = key_for(tmp_path)
    with serving(tmp_path) as served, begun(served, secret):
        served.stop()
        wait_until(lambda: any("told to stop" in line for line in served.logged))
        served.stop()
        assert served.ended(5) == 128 + signal.SIGTERM


def test_streams_end_when_it_is_told_to_stop(tmp_path: Path) -> None:
    secret = key_for(tmp_path)
    with serving(tmp_path) as served:
        wait_until(lambda: http.get(f"{served.url}/readyz").status_code == 200, what="readiness")
        headers = {"Authorization": f"Bearer {secret}"}
        with http.stream("GET", f"{served.url}/v1/stream", headers=headers) as stream:
            chunks = stream.iter_raw()
            assert next(chunks).startswith(b"retry:")
            served.stop()
            assert list(chunks)[-1:] in ([], [b":\n\n"])  # it ends, rather than being broken off
        assert served.ended() == 0


def test_traces_are_sent_where_the_standard_variables_say_and_the_last_before_it_ends(tmp_path: Path) -> None:
    sent: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        with serving(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_SERVICE_NAME="flags") as served:
            http.get(f"{served.url}/healthz")
            http.get(f"{served.url}/healthz", headers={"traceparent": f"00-{'a1' * 16}-{'b2' * 8}-01"})
            served.stop()
            assert served.ended() == 0
        collector.shutdown()
    told = ExportTraceServiceRequest.FromString(b"".join(body for _, body in sent))
    assert {path for path, _ in sent} == {"/v1/traces"}
    (spans,) = told.resource_spans
    names = {each.key: each.value.string_value for each in spans.resource.attributes}
    assert names["service.name"] == "flags"
    (span,) = spans.scope_spans[0].spans  # the other's caller traced nothing
    assert (span.name, span.trace_id.hex()) == ("GET /healthz", "a1" * 16)


def begun(served: Serving, secret: str) -> socket.socket:
    """Return a connection with a request whose body has still to come."""
    host, port = served.url.removeprefix("http://").split(":")
    wait_until(lambda: http.get(f"{served.url}/readyz").status_code == 200, what="readiness")
    connection = socket.create_connection((host, int(port)), timeout=20)
    lines = ["POST /v1/events HTTP/1.1", "Host: s", f"Authorization: Bearer {secret}"]
    lines += ["Content-Type: application/json", "Content-Length: 14", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    http.get(f"{served.url}/healthz")  # by when that is answered, the head was read
    return connection


def accepts(url: str) -> bool:
    """Whether a new connection is taken."""
    host, port = url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True
