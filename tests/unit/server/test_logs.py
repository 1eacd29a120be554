"""Logs: one line an event."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from variate.server.operations.logs import AsJson, AsText, configure


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "variate.x", "levelno": 30, "levelname": "WARNING", "msg": message, **extra})
    made.created = 1_767_225_600.25
    return made


@pytest.fixture
def untouched() -> Iterator[None]:
    """Logging as it is for other tests, afterwards."""
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.captureWarnings(capture=False)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "alembic", "httpx", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.NOTSET)
        logging.getLogger(name).disabled = False


def test_a_line_of_json_has_time_level_logger_message_and_what_came_along() -> None:
    assert json.loads(AsJson().format(record("hello", request_id="r-1", ms=1.5))) == {
        "time": "2026-01-01T00:00:00.250Z",
        "level": "WARNING",
        "logger": "variate.x",
        "message": "hello",
        "request_id": "r-1",
        "ms": 1.5,
    }


def test_a_line_of_text_says_the_same() -> None:
    line = AsText().format(record("hello", request_id="r-1"))
    assert line == "2026-01-01T00:00:00.250Z WARNING variate.x: hello [request_id='r-1']"


@pytest.mark.parametrize("formatter", [AsJson(), AsText()])
def test_what_others_sent_begins_no_line_and_hides_no_other(formatter: logging.Formatter) -> None:
    line = formatter.format(record("path\n2026-01-01T00:00:00Z INFO all is well\x1b[2J", path="/a\r\nb"))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


@pytest.mark.parametrize("formatter", [AsJson(), AsText()])
def test_a_traceback_is_told_without_its_secret(formatter: logging.Formatter) -> None:
    try:
        int("postgresql://app:hunter2@db/app")
    except ValueError:
        line = formatter.format(record("failed", exc_info=sys.exc_info()))
    assert "ValueError" in line
    assert "hunter2" not in line


def test_what_is_very_long_is_cut() -> None:
    assert len(AsJson().format(record("hello", path="x" * 100_000))) < 5_000


@pytest.mark.usefixtures("untouched")
def test_the_loggers_of_uvicorn_write_as_ours_do(capsys: pytest.CaptureFixture[str]) -> None:
    configure(form="json", level="INFO")
    logging.getLogger("uvicorn.error").info("Started server process [1]")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("variate.x").debug("not told")
    logging.getLogger("variate.x").info("told")
    lines = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["Invalid HTTP request received.", "told"]


@pytest.mark.usefixtures("untouched")
def test_a_store_that_is_away_fills_no_log_with_each_attempt_to_connect(capsys: pytest.CaptureFixture[str]) -> None:
    configure(form="json", level="INFO")
    logging.getLogger("psycopg.pool").warning("reconnection attempt in pool 'variate' failed after 0.0 sec")
    assert capsys.readouterr().err == ""
