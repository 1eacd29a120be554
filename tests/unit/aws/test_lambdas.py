"""How a Lambda handler calls what it wraps, and what it leaves behind. No engine is needed for that."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from variate.assignment.assigning import LedgerStatus
from variate.aws import lambdas
from variate.aws.lambdas import lambda_handler, relay_handler
from variate.errors import StoreUnavailableError
from variate.platform import Platform, default_platform
from variate.platform import default as platform_module

AB = [{"name": "a"}, {"name": "b"}]


@pytest.fixture(autouse=True)
def sigterm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with SIGTERM not taken over, and leaves it as it was."""
    former = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(lambdas, "_at_sigterm", lambdas._AtSigterm())
    yield
    signal.signal(signal.SIGTERM, former)


class Released:
    """Counts how often a thread's connection was given back and everything closed."""

    def __init__(self) -> None:
        self.released = 0
        self.closed = 0

    def release(self) -> None:
        self.released += 1

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def pg(monkeypatch: pytest.MonkeyPatch) -> Released:
    made = Released()
    monkeypatch.setattr(lambdas, "pg_client", made)
    return made


class Opened:
    """Stands for an open platform, and notes in ``calls`` what is asked of it; so may a handler."""

    def __init__(self, *, pending: int = 0, error: Exception | None = None) -> None:
        self.calls: list[str] = []
        self.pending = pending
        self.error = error

    def refresh(self) -> None:
        self.calls.append("refresh")

    def ledger_status(self) -> LedgerStatus:
        return LedgerStatus(pending=self.pending, let_go=0)

    def flush_assignments(self) -> None:
        self.calls.append("flush")
        if self.error is not None:
            raise self.error

    def invoke(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> Any:
        """Have a handler called where this is the open platform."""
        monkeypatch.setattr(platform_module, "opened_platform", lambda: self)

        @lambda_handler
        def handler(event: Any) -> str:
            self.calls.append("handler")
            if error is not None:
                raise error
            return "done"

        return handler({}, None)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("VARIATE_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    default_platform().close()


def test_an_open_platform_looks_for_a_snapshot_before_and_writes_what_is_pending_after(
    pg: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Opened(pending=2)
    assert opened.invoke(monkeypatch) == "done"
    assert opened.calls == ["refresh", "handler", "flush"]
    assert pg.released == 1


def test_where_nothing_is_pending_nothing_is_waited_for(pg: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened()
    opened.invoke(monkeypatch)
    assert opened.calls == ["refresh", "handler"]


def test_a_handler_that_fails_leaves_nothing_pending_either(pg: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(pending=1)
    with pytest.raises(ZeroDivisionError, match="mine"):
        opened.invoke(monkeypatch, ZeroDivisionError("mine"))
    assert opened.calls == ["refresh", "handler", "flush"]


def test_a_ledger_that_is_away_fails_no_invocation(pg: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(pending=1, error=StoreUnavailableError("away"))
    assert opened.invoke(monkeypatch) == "done"
    assert (opened.calls[-1], pg.released) == ("flush", 1)


def test_what_a_handler_assigns_is_durable_when_it_returns(home: Path) -> None:
    platform = default_platform()
    platform.create_experiment("Prices", variations=AB, experiment_id="e")
    platform.update_experiment_status("e", "active")

    @lambda_handler
    def handler(event: dict[str, str]) -> int:
        default_platform().assign(event["user"], "e")
        return default_platform().ledger_status().pending

    assert [handler({"user": user}, None) for user in ("u", "v")] == [1, 1]
    assert platform.ledger_status() == LedgerStatus(pending=0, let_go=0)
    with Platform.open(platform.settings) as other:
        assert {each.unit for each in other.get_experiment_assignments("e")} == {"u", "v"}


def test_a_platform_that_was_never_opened_or_is_closed_is_left_alone(home: Path) -> None:
    handler = lambda_handler(lambda event: None)
    default_platform().close()
    handler({}, None)
    assert platform_module.opened_platform() is None
    assert not home.exists()


def test_a_platform_that_the_handler_closes_is_left_closed(home: Path) -> None:
    default_platform()
    lambda_handler(lambda event: default_platform().close())({}, None)
    assert platform_module.opened_platform() is None


def test_it_wraps_a_function_of_the_event_alone_as_the_guides_is() -> None:
    def process_event(event: dict[str, int]) -> int:
        """What it does."""
        return event["n"] + 1

    handler = lambda_handler(process_event)
    assert handler({"n": 1}, object()) == 2
    assert handler.__doc__ == "What it does."


def test_it_decorates_a_handler_of_event_and_context() -> None:
    @lambda_handler
    def handler(event: Any, context: Any) -> tuple[Any, Any]:
        return event, context

    assert handler("e", "c") == ("e", "c")


def test_a_second_parameter_with_a_default_of_its_own_is_left_alone() -> None:
    @lambda_handler
    def handler(event: Any, retries: int = 3) -> int:
        return retries

    assert handler("e", "c") == 3


def test_a_context_with_a_default_is_given() -> None:
    @lambda_handler
    def handler(event: Any, context: Any = None) -> Any:
        return context

    assert handler("e", "c") == "c"


def test_connections_are_kept_and_what_was_not_committed_is_not(pg: Released) -> None:
    @lambda_handler
    def handler(event: Any) -> None:
        return None

    for _ in range(3):
        handler({}, None)
    assert (pg.released, pg.closed) == (3, 0)


def test_an_error_passes_unchanged(pg: Released) -> None:
    @lambda_handler
    def handler(event: Any) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        handler({}, None)
    assert (pg.released, pg.closed) == (1, 0)


def test_sigterm_closes_everything_and_then_does_what_it_did_before(pg: Released) -> None:
    seen: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: seen.append(pg.closed))

    @lambda_handler
    def handler(event: Any) -> None:
        return None

    handler({}, None)
    handler({}, None)
    signal.raise_signal(signal.SIGTERM)
    assert seen == [1]


def test_a_sigterm_that_is_ignored_stays_ignored(pg: Released) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    lambda_handler(lambda event: None)({}, None)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_a_handler_in_another_thread_leaves_signals_alone(pg: Released) -> None:
    former = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=lambda_handler(lambda event: None), args=({}, None))
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is former
    assert pg.released == 1


def test_decorating_touches_no_signal() -> None:
    former = signal.getsignal(signal.SIGTERM)
    lambda_handler(lambda event: None)
    assert signal.getsignal(signal.SIGTERM) is former


def test_the_relay_handler_delivers_what_is_pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARIATE_HOME", str(tmp_path))
    platform = default_platform()
    platform.migrate()
    assert relay_handler({"source": "aws.events"}, None) == {"delivered": 0}
    lambdas.close_connections()
    assert platform.closed


def test_a_platform_that_is_not_open_is_not_opened_to_be_closed(
    home: Path, pg: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    default_platform().close()
    opened: list[object] = []
    with monkeypatch.context() as watched:
        watched.setattr(Platform, "open", lambda *given: opened.append(given))
        lambdas.close_connections()
    assert (opened, pg.closed) == ([], 1)
