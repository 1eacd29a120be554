"""Writing events to a Parquet file, which ``EventFile`` and everything else that reads Parquet can analyse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from variate.errors import InvalidInputError, MissingExtraError
from variate.model import Event
from variate.stores.duckdb.event_source import SCHEMA, event_batch

try:
    from pyarrow import parquet
except ImportError as error:
    raise MissingExtraError("pyarrow", "duckdb") from error

_GROUP = 100_000
"""Events in one piece of the file; so many are held at once."""


class EventExport:
    """Writes events to ``path``, as a context: the file is there, whole, once the context ends without an error.

    Raise ``InvalidInputError`` for the field ``file`` where it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._waiting: list[Event] = []
        try:
            self._writer = parquet.ParquetWriter(self._part, SCHEMA, compression="zstd")
        except OSError as error:
            raise InvalidInputError("file", f"{str(path)!r} cannot be written: {error.strerror or error}") from error

    def write(self, events: Sequence[Event]) -> None:
        """Write the events after those before."""
        self._waiting.extend(events)
        if len(self._waiting) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        try:
            self._writer.write_batch(event_batch(self._waiting))
        except OSError as error:
            rule = f"{str(self._path)!r} cannot be written: {error.strerror or error}"
            raise InvalidInputError("file", rule) from error
        self._waiting.clear()

    def __enter__(self) -> EventExport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._flush()
            self._writer.close()
            if error is None:
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)
