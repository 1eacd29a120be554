"""What the SQL stores need of an engine: transactions, translated errors, and rows in bulk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from variate.errors import StoreError, StoreUnavailableError, VariateError
from variate.stores.sql.retrying import RolledBackError, try_again

T = TypeVar("T")
Insert: TypeAlias = sqlite.Insert | postgresql.Insert


@dataclass(frozen=True, slots=True)
class Intake:
    """How rows of one table come in by the hundred: a row stays out where one of its ``key`` stands.

    A row that expired at or before the new one's ``clock`` does not stand. The clock is a column of the table or, as
    None, one further value at the end of each row, the same for all.
    """

    table: Table
    key: tuple[str, ...]
    columns: tuple[str, ...]
    clock: str | None
    often_there: bool
    """Whether it is usual that a row stands: then looking first costs less than trying."""
    numbered: str | None = None
    """A column that counts the rows as they come: one that takes an expired one's place gets its next number."""


class Database(ABC):
    """One SQL engine. Lazy: nothing is touched until the first use.

    What is done with it is a function of a connection, so that it can be done again after a transient failure.
    """

    driver_error: ClassVar[type[Exception]]
    first_statement: ClassVar[str]
    """With what a transaction that is not to be repeated shows that the engine answers."""
    insert: Callable[[Table], Insert]
    """``INSERT`` in the engine's dialect, which knows ``ON CONFLICT``."""

    @abstractmethod
    def migrate(self) -> Sequence[str]:
        """Bring the tables to this version and return what was done: nothing the second time.

        Safe to call from several processes at once.
        """

    @abstractmethod
    def require_migrated(self) -> None:
        """Raise ``NotMigratedError`` unless the tables are there and of this version."""

    @abstractmethod
    def check(self) -> str:
        """Return the engine's name and version; raise ``StoreUnavailableError`` unless it answers."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection not in use. The next use opens new ones."""

    @abstractmethod
    def intake(self, intake: Intake, rows: Sequence[tuple[Any, ...]]) -> Sequence[bool]:
        """Store each row unless one stands, all in one transaction; return which were stored, in order.

        No two rows have one key. Moments in rows are what ``moment`` made of them. Durable on return. Safe to repeat.
        """

    @abstractmethod
    def moment(self, moment: datetime | None) -> Any:
        """Return ``moment`` as the driver takes it."""

    @abstractmethod
    def _single(self) -> Engine:
        """The engine for single statements that only read; each is its own transaction."""

    @abstractmethod
    def _snapshots(self) -> Engine:
        """The engine for several reads that see one moment of the data."""

    @abstractmethod
    def _writers(self) -> Engine:
        """The engine for transactions that write."""

    @abstractmethod
    def _explain(self, error: BaseException) -> VariateError:
        """Return our error for the driver's."""

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns; it executes one statement."""

        def attempt() -> T:
            with self.translated(), self._single().connect() as connection:
                return work(connection)

        return try_again(attempt)

    def read_together(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns; all it reads is of one moment."""
        return try_again(lambda: self._attempt(self._snapshots, work))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns once its transaction is durable. It may run twice, so it must be repeatable."""
        return try_again(lambda: self._attempt(self._writers, work))

    def write_once(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns once its transaction is durable.

        It is tried again only where the engine said that nothing was kept.
        """

        def attempt() -> T:
            with self.translated(), try_again(self._writer) as connection, _ended(connection):
                return work(connection)

        return try_again(attempt, when=RolledBackError)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Let no error of SQLAlchemy or of the driver pass."""
        try:
            yield
        except VariateError:
            raise
        except PoolTimeoutError as error:
            raise StoreUnavailableError("every connection is in use: try again later") from error
        except DBAPIError as error:
            raise self._explain(error.orig or error) from error
        except (SQLAlchemyError, OverflowError) as error:
            raise StoreError(f"the database could not do it: {error}") from error
        except self.driver_error as error:
            raise self._explain(error) from error

    def _attempt(self, engine: Callable[[], Engine], work: Callable[[Connection], T]) -> T:
        with self.translated(), engine().connect() as connection, _ended(connection):
            connection.begin()
            return work(connection)

    def _writer(self) -> Connection:
        """Return a connection in a transaction, just seen to answer: what fails from here on may be the write."""
        with self.translated():
            connection = self._writers().connect()
            try:
                connection.begin()
                connection.exec_driver_sql(self.first_statement)
            except BaseException:
                connection.close()
                raise
            return connection


@contextmanager
def _ended(connection: Connection) -> Iterator[None]:
    """Commit at the end. Whatever fails, the commit included, leaves no transaction open on the connection."""
    try:
        yield
        connection.commit()
    except BaseException:
        if not connection.invalidated:
            with suppress(Exception):  # then it is broken, and the pool throws it away
                connection.connection.rollback()
        raise
