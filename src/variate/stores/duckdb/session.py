"""A DuckDB of its own for one analysis: in this process, bounded in memory, asking nothing of the network."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.errors import MissingExtraError, StoreError
from variate.stores.aggregates import Advance

try:
    import duckdb
except ImportError as error:
    raise MissingExtraError("duckdb", "duckdb") from error

MEMORY = "600MB"
"""What DuckDB may hold; the rest goes to a folder on disk. Beside it stand the arrays that Python holds."""

DriverError: type[Exception] = duckdb.Error

_GLIMPSE = 0.1
"""How often, in seconds, a long statement is asked how far it is."""


class Session:
    """A database in memory with a folder for what does not fit; both are gone once it is closed.

    What a statement may raise is ``StoreError``; ``attempt`` lets the driver's error through, for callers that can say
    more. Not for several threads at once.
    """

    def __init__(self, *, memory: str = MEMORY, advance: Advance | None = None) -> None:
        # The folder's name has nothing in it that stands for other names.
        self._folder = tempfile.TemporaryDirectory(prefix="variate-")
        self.folder = Path(self._folder.name)
        self._advance = advance
        self._connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": memory,
                "temp_directory": str(self.folder / "spilled"),
            }
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        # Its own bar is for notebooks; without this it is not asked how far it is.
        self._connection.execute("SET enable_progress_bar = true")
        self._connection.execute("SET enable_progress_bar_print = false")
        # Rows come in any order, which spares the memory of keeping it.
        self._connection.execute("SET preserve_insertion_order = false")

    def attempt(self, sql: str, parameters: Sequence[object] = (), *, what: str = "") -> Any:
        """Run the statement; tell how far it is, as ``what``, where that is given. Raise the driver's own error."""
        if self._advance is None or not what:
            return self._connection.execute(sql, list(parameters))
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(what, self._advance, done), daemon=True)
        watch.start()
        try:
            return self._connection.execute(sql, list(parameters))
        finally:
            done.set()
            watch.join()
            self._advance(what, 100, 100)

    def run(self, sql: str, parameters: Sequence[object] = (), *, what: str = "") -> Any:
        """Run the statement and return its result."""
        try:
            return self.attempt(sql, parameters, what=what)
        except duckdb.Error as error:
            raise StoreError(f"DuckDB could not add up the data: {first_line(error)}") from error

    def rows(self, sql: str, parameters: Sequence[object] = (), *, what: str = "") -> list[tuple[Any, ...]]:
        """Run the query and return its rows."""
        found: list[tuple[Any, ...]] = self.run(sql, parameters, what=what).fetchall()
        return found

    def arrays(self, sql: str, parameters: Sequence[object] = (), *, what: str = "") -> list[npt.NDArray[Any]]:
        """Run the query and return its columns, in order; NULL is NaN in floats and None in text."""
        columns: dict[str, Any] = self.run(sql, parameters, what=what).fetchnumpy()
        return [_plain(column) for column in columns.values()]

    def batches(self, sql: str) -> Any:
        """Run the query and return its rows as Arrow batches, one after the other."""
        try:
            return self._connection.sql(sql).to_arrow_reader()
        except duckdb.Error as error:
            raise StoreError(f"DuckDB could not read the data: {first_line(error)}") from error

    def register(self, name: str, table: Any) -> None:
        """Let statements read an Arrow table, data set or reader under ``name``."""
        self._connection.register(name, table)

    def close(self) -> None:
        """Let go of memory and disk. Safe to repeat."""
        self._connection.close()
        self._folder.cleanup()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _watch(self, what: str, advance: Advance, done: threading.Event) -> None:
        while not done.wait(_GLIMPSE):
            percent = int(self._connection.query_progress())
            if percent >= 0:
                advance(what, percent, 100)


def quoted(name: str) -> str:
    """Return the name of a column or table as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return the text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """Return the path as SQL writes it, with nothing in it standing for other paths."""
    exact = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path.absolute()))
    return f"[{literal(exact)}]"


def _plain(column: Any) -> npt.NDArray[Any]:
    if not isinstance(column, np.ma.MaskedArray):
        return np.asarray(column)
    plain = np.array(column.data, dtype=object if column.dtype == object else np.float64)
    plain[np.ma.getmaskarray(column)] = None if column.dtype == object else np.nan
    return plain


def first_line(error: Exception) -> str:
    """Return the first line of what the error says."""
    return str(error).strip().split("\n", maxsplit=1)[0]
