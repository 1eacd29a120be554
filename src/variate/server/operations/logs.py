"""Logs: one line an event, as JSON or as text, on standard error; never with a secret in it."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from variate.server.operations.secrets import hidden

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
_LONGEST = 4_096
"""How much of a text is shown: what others send may be of any length."""


def configure(*, form: str, level: str) -> None:
    """Have everything that is logged in this process, uvicorn's own included, written in this form from this level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(AsJson() if form == "json" else AsText())
    root = logging.getLogger()
    for before in list(root.handlers):
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = True
        theirs.setLevel(logging.NOTSET)
    # They tell of each step that they take, and of their own start and end.
    for name in ("uvicorn.error", "alembic", "httpx"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # It tells of each attempt to connect, many a second: who watches the store says once that it is away, and why.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(capture=True)


class AsJson(JsonFormatter):
    """``time``, ``level``, ``logger``, ``message`` and what came along, as one JSON object."""

    def __init__(self) -> None:
        super().__init__(
            "%(created)s %(levelname)s %(name)s %(message)s", rename_fields={"levelname": "level", "name": "logger"}
        )

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Put the time first, as RFC 3339 has it, and cut what is too long."""
        super().add_fields(log_data, record, message_dict)
        said = {name: _cut(value) for name, value in log_data.items() if name not in ("created", "color_message")}
        log_data.clear()
        log_data["time"] = _time(record)
        log_data.update(said)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without secrets."""
        return hidden(super().format(record))


class AsText(logging.Formatter):
    """Time, level, logger, message and what came along, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without secrets; what others sent cannot begin a new one."""
        extras = " ".join(
            f"{name}={value!r}"
            for name, value in vars(record).items()
            if name not in _STANDARD and not name.startswith("_") and value is not None
        )
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {_one_line(record.getMessage())}"
        if extras:
            line += f" [{_one_line(extras)}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return hidden(line)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(text: str) -> str:
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def _cut(value: Any) -> Any:
    return f"{value[:_LONGEST]}..." if isinstance(value, str) and len(value) > _LONGEST else value
