"""What is tried again, how often, and after how long."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys

import psycopg
import pytest
import redis
import sqlalchemy
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from variate.errors import ConflictError, InvalidInputError, StoreError, StoreUnavailableError
from variate.stores.wrappers.retrying import is_transient, with_retry


def aws_error(code: str, *, status: int = 400, reasons: tuple[str, ...] = ()) -> ClientError:
    response = {
        "Error": {"Code": code, "Message": ""},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(response, "PutItem")  # type: ignore[arg-type]  # the stubs want every key of a real response


class FakeServer:
    """Fails ``failures`` times with ``error``, then answers."""

    def __init__(self, error: BaseException, *, failures: int) -> None:
        self.error = error
        self.failures = failures
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        return "answer"


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailableError(),
        ConnectionResetError(),
        TimeoutError(),
        psycopg.OperationalError(),
        psycopg.errors.DeadlockDetected(),
        sqlalchemy.exc.OperationalError("select 1", {}, psycopg.OperationalError()),
        sqlalchemy.exc.TimeoutError(),
        redis.ConnectionError(),
        redis.TimeoutError(),
        redis.BusyLoadingError(),
        redis.exceptions.ReadOnlyError(),
        aws_error("ProvisionedThroughputExceededException"),
        aws_error("ThrottlingException"),
        aws_error("InternalServerError", status=500),
        aws_error("SomethingNew", status=503),
        aws_error("TransactionCanceledException", reasons=("None", "TransactionConflict")),
        EndpointConnectionError(endpoint_url="http://localhost"),
        ConnectTimeoutError(endpoint_url="http://localhost"),
        ReadTimeoutError(endpoint_url="http://localhost"),
    ],
    ids=repr,
)
def test_a_failure_that_may_pass_is_transient(error: BaseException) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        KeyboardInterrupt(),
        StoreError(),
        ConflictError(),
        InvalidInputError("name", "is bad"),
        psycopg.errors.UniqueViolation(),
        sqlalchemy.exc.IntegrityError("insert", {}, psycopg.IntegrityError()),
        redis.ResponseError(),
        redis.AuthenticationError(),
        aws_error("ValidationException"),
        aws_error("ConditionalCheckFailedException"),
        aws_error("TransactionCanceledException", reasons=("None", "ConditionalCheckFailed")),
        aws_error("TransactionCanceledException", reasons=("TransactionConflict", "ConditionalCheckFailed")),
        sqlite3.OperationalError("no such table: experiments"),
    ],
    ids=repr,
)
def test_a_failure_that_stays_is_not(error: BaseException) -> None:
    assert not is_transient(error)


def test_a_locked_sqlite_file_is_transient_and_a_missing_table_is_not() -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.OperationalError) as missing:
        connection.execute(sqlalchemy.text("select * from nowhere"))
    engine.dispose()
    assert not is_transient(missing.value)
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    assert is_transient(locked)
    assert is_transient(sqlalchemy.exc.OperationalError("insert", {}, locked))


def test_asking_imports_no_driver() -> None:
    program = (
        "import sys; from variate.stores.wrappers.retrying import is_transient; is_transient(ValueError());"
        "print({'psycopg', 'redis', 'botocore', 'sqlalchemy', 'tenacity'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "set()"


def test_three_retries_are_four_calls() -> None:
    server = FakeServer(redis.ConnectionError("refused"), failures=3)
    assert with_retry(server, base_delay=0) == "answer"
    assert server.calls == 4


def test_when_the_retries_are_spent_the_last_error_is_raised_itself() -> None:
    server = FakeServer(psycopg.OperationalError("gone"), failures=100)
    with pytest.raises(psycopg.OperationalError) as raised:
        with_retry(server, max_retries=3, base_delay=0)
    assert raised.value is server.error
    assert server.calls == 4


def test_no_retries_are_one_call() -> None:
    server = FakeServer(redis.TimeoutError(), failures=1)
    with pytest.raises(redis.TimeoutError):
        with_retry(server, max_retries=0)
    assert server.calls == 1


def test_an_error_that_stays_is_raised_at_once() -> None:
    server = FakeServer(ValueError("bad"), failures=1)
    with pytest.raises(ValueError, match="bad"):
        with_retry(server)
    assert server.calls == 1


def test_each_wait_is_random_up_to_twice_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    for _ in range(200):
        with_retry(FakeServer(redis.TimeoutError(), failures=3), base_delay=0.1)
    for step, longest in enumerate([0.1, 0.2, 0.4]):
        taken = waits[step::3]
        assert 0 <= min(taken) < 0.1 * longest
        assert 0.9 * longest < max(taken) <= longest


def test_a_retry_is_logged_and_not_printed(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.WARNING, logger="variate.retry")
    with_retry(FakeServer(redis.TimeoutError("slow"), failures=1), base_delay=0)
    assert [record.message for record in caplog.records] == [
        "attempt 1 failed, trying again in 0.00 s: TimeoutError: slow"
    ]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("func", {"func": None}),
        ("max_retries", {"max_retries": -1}),
        ("max_retries", {"max_retries": 1.5}),
        ("base_delay", {"base_delay": -0.1}),
        ("base_delay", {"base_delay": float("nan")}),
    ],
)
def test_bad_arguments_name_their_field(field: str, arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError) as raised:
        with_retry(**{"func": lambda: None, **arguments})  # type: ignore[arg-type]  # wrong on purpose
    assert raised.value.field == field
