"""``variate relay`` says what stays undelivered, for a program to notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from variate.cli import main
from variate.publishing.relay import Relay


@pytest.mark.parametrize(("pending", "code"), [(0, 0), (3, 1)])
def test_it_exits_with_one_while_something_stays_pending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pending: int, code: int
) -> None:
    monkeypatch.setenv("VARIATE_HOME", str(tmp_path))
    monkeypatch.setattr(Relay, "backlog", lambda _: pending)
    done = CliRunner().invoke(main, ["relay"])
    assert (done.exit_code, done.output) == (code, f"0 delivered, {pending} pending\n")
