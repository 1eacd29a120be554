"""One SQLite file, shared by threads and processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PosixPath
from threading import Event

import pytest
from sqlalchemy import Connection

from variate.errors import StoreError, StoreUnavailableError
from variate.model import MAX_PAGE
from variate.stores.sql import SqlEventStore, SQLiteDatabase
from variate.testing.builders import build_event
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together

_APPEND = """
import sys
from pathlib import Path
from variate.stores.sql import SqlEventStore, SQLiteDatabase
from variate.testing.builders import build_event
from variate.testing.clocks import START

store = SqlEventStore(SQLiteDatabase(Path(sys.argv[1])))
for number in range(50):
    store.append([build_event(f"{sys.argv[2]}-{number}-{place}", unit=sys.argv[2]) for place in range(4)], at=START)
"""

_FORK = """
import os, sys
from pathlib import Path
from threading import Event, Thread
from variate.stores.sql import SqlEventStore, SQLiteDatabase
from variate.testing.builders import build_event
from variate.testing.clocks import START

database = SQLiteDatabase(Path(sys.argv[1]))
store = SqlEventStore(database)
stop = Event()

def write(name):
    number = 0
    while number < 20 or not stop.is_set():
        store.append([build_event(f"{name}-{number}", unit=name)], at=START)
        store.of_unit(name, at=START, limit=10)
        number += 1

threads = [Thread(target=write, args=[name]) for name in ("a", "b", "c")]
for thread in threads:
    thread.start()
children = []
for number in range(8):
    child = os.fork()
    if child == 0:
        for place in range(5):
            store.append([build_event(f"child-{number}-{place}", unit="children")], at=START)
        assert len(store.of_unit("children", at=START, limit=100)) >= 5
        os._exit(0)
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
stop.set()
for thread in threads:
    thread.join()
sound = database.read(lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalar())
print(sum(codes), len(store.of_unit("children", at=START, limit=100)), sound)
"""

_FORK_WITHIN = """
import os, sys
from pathlib import Path
from variate.errors import StoreError
from variate.stores.sql import SqlEventStore, SQLiteDatabase
from variate.testing.builders import build_event
from variate.testing.clocks import START

database = SQLiteDatabase(Path(sys.argv[1]))
store = SqlEventStore(database)

def fork(connection):
    child = os.fork()
    if child == 0:
        try:
            store.append([build_event("of the child")], at=START)
        except StoreError:
            print("refused", flush=True)
        os._exit(0)
    os.waitpid(child, 0)

database.write(fork)
store.append([build_event()], at=START)
print(len(store.of_unit("unit", at=START, limit=10)))
"""


def test_every_process_and_thread_that_writes_at_once_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "variate.db"
    children = [subprocess.Popen([sys.executable, "-c", _APPEND, str(path), f"p{number}"]) for number in range(3)]
    store = SqlEventStore(database := SQLiteDatabase(path))
    together(8, lambda number: store.append([build_event(unit="mine") for _ in range(10)], at=START))
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0]
    counts = [len(store.of_unit(unit, at=START, limit=MAX_PAGE)) for unit in ("mine", "p0", "p1", "p2")]
    assert counts == [80, 200, 200, 200]
    database.close()


def test_children_forked_while_threads_read_and_write_do_so_too(tmp_path: Path) -> None:
    assert _run(_FORK, tmp_path / "variate.db") == ["0", "40", "ok"]


def test_a_child_forked_within_a_transaction_leaves_the_file_alone(tmp_path: Path) -> None:
    assert _run(_FORK_WITHIN, tmp_path / "variate.db") == ["refused", "1"]


def test_a_write_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    database = SQLiteDatabase(tmp_path / "variate.db")

    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "mmap_size")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    assert database.write(settings) == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0}
    assert database.read(lambda connection: connection.exec_driver_sql("PRAGMA query_only").scalar()) == 1
    database.close()


def test_it_can_be_closed_and_used_again(tmp_path: Path) -> None:
    store = SqlEventStore(database := SQLiteDatabase(tmp_path / "variate.db"))
    store.append([build_event()], at=START)
    database.close()
    assert not (tmp_path / "variate.db-wal").exists(), "the last one out checkpoints"
    database.close()
    assert len(store.of_unit("unit", at=START, limit=10)) == 1
    database.close()


def _run(script: str, path: Path) -> list[str]:
    """Return the words that the script prints; what it warns of, a fork among threads, is what it is about."""
    arguments = [sys.executable, "-W", "ignore", "-c", script, str(path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_file_that_is_gone_is_awaited_and_made_anew_only_where_somebody_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = SqlEventStore(database := SQLiteDatabase(home / "variate.db"))
    store.append([build_event("before", unit="u")], at=START)
    home.rename(tmp_path / "elsewhere")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="was there and is gone"):
            store.append([build_event("lost", unit="u")], at=START)
    assert not home.exists()
    (tmp_path / "elsewhere").rename(home)
    assert [event.id for event in store.of_unit("u", at=START, limit=10)] == ["before"]
    shutil.rmtree(home)
    with pytest.raises(StoreUnavailableError, match="was there and is gone"):
        store.of_unit("u", at=START, limit=10)
    database.migrate()
    store.append([build_event("after", unit="u")], at=START)
    assert [event.id for event in store.of_unit("u", at=START, limit=10)] == ["after"]
    database.close()


def test_a_file_that_was_replaced_under_it_is_told_once_and_then_used(tmp_path: Path) -> None:
    store = SqlEventStore(database := SQLiteDatabase(tmp_path / "variate.db"))
    store.append([build_event("old", unit="u")], at=START)
    _replace(tmp_path / "variate.db")
    with pytest.raises(StoreError, match="moved, removed or replaced") as told:
        store.of_unit("u", at=START, limit=10)
    assert not isinstance(told.value, StoreUnavailableError), "not tried again by itself"
    assert [event.id for event in store.of_unit("u", at=START, limit=10)] == ["new"]
    database.close()


def test_who_saw_the_old_file_before_another_was_told_uses_what_that_one_opened(tmp_path: Path) -> None:
    path = _Watched(tmp_path / "variate.db")
    store = SqlEventStore(database := SQLiteDatabase(path))
    store.append([build_event("old", unit="u")], at=START)
    _replace(path)
    saw, opened = Event(), Event()

    def let_the_other_open_it() -> None:
        saw.set()
        assert opened.wait(30)

    with ThreadPoolExecutor(1) as threads:
        path.delay = let_the_other_open_it
        late = threads.submit(store.append, [build_event("late", unit="u")], at=START)
        try:
            assert saw.wait(30)
            with pytest.raises(StoreError, match="moved, removed or replaced"):
                store.append([build_event("lost", unit="u")], at=START)
            store.append([build_event("after", unit="u")], at=START)
        finally:
            opened.set()
        late.result()
    assert {event.id for event in store.of_unit("u", at=START, limit=10)} == {"new", "after", "late"}
    database.close()


class _Watched(PosixPath):
    """A path at which the next look, once it was taken, is delayed."""

    delay: Callable[[], None] | None = None

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        delay, self.delay = self.delay, None
        try:
            return super().stat(follow_symlinks=follow_symlinks)
        finally:
            if delay is not None:
                delay()


def _replace(path: Path) -> None:
    """Put another file, with one event in it, in place of this one."""
    other = SQLiteDatabase(path.with_name("other.db"))
    SqlEventStore(other).append([build_event("new", unit="u")], at=START)
    other.close()
    path.with_name("other.db").replace(path)
    for left in path.parent.glob(f"{path.name}-*"):
        left.unlink()
