"""Writing it all to a database, straight through the stores: by the platform's methods it would take minutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from benchmarks.pages import experiments, flags, records
from benchmarks.pages.at_once import PostgresAtOnce, SQLiteAtOnce
from benchmarks.pages.naming import ENVIRONMENTS, Sizes
from variate.analysis.reporting import stored_report
from variate.clients.postgres import PostgresClient
from variate.platform import Platform
from variate.settings import Profile, Settings
from variate.stores import sql

T = TypeVar("T")


def fill(settings: Settings, sizes: Sizes, *, first_hash: str) -> None:
    """Make the tables and write everything in two transactions, then bring it into force in each environment.

    ``first_hash`` is of the secret of the first key.
    """
    if settings.profile is Profile.LOCAL:
        _fill(SQLiteAtOnce(settings.sqlite_path), sizes, first_hash=first_hash)
    else:
        client = PostgresClient(settings=settings)
        try:
            _fill(PostgresAtOnce(client.engine), sizes, first_hash=first_hash)
        finally:
            client.close()
    with Platform.open(settings) as platform:
        for environment in ENVIRONMENTS:
            platform.publish_snapshot(environment)


def _fill(database: SQLiteAtOnce | PostgresAtOnce, sizes: Sizes, *, first_hash: str) -> None:
    database.migrate()
    with database.at_once():
        _define(database, sizes)
        _record(database, sizes, first_hash=first_hash)
    outbox = sql.SqlOutbox(database)
    with database.at_once():
        # What the flags' store leaves for whoever serves them, who is to be told by a publication below.
        outbox.settle([f"created-{flag.id}" for flag in flags.flags(sizes)])
    database.close()


def _define(database: sql.Database, sizes: Sizes) -> None:
    metrics, audiences = (sql.SqlDefinitionStore(database, kind) for kind in (sql.METRICS, sql.AUDIENCES))
    for metric in experiments.metrics(sizes):
        metrics.insert(metric, audit=(), outbox=())
    for audience in experiments.audiences(sizes):
        audiences.insert(audience, audit=(), outbox=())
    store = sql.SqlExperimentStore(database)
    for experiment in experiments.experiments(sizes):
        store.insert(experiment, audit=[records.created(experiment)], outbox=())
    of_flags = sql.SqlFlagStore(database)
    for flag in flags.flags(sizes):
        of_flags.insert(flag, audit=records.created(flag))
    kept = sql.SqlReportStore(database)
    for report in experiments.reports(sizes):
        kept.add(stored_report(report))


def _record(database: sql.Database, sizes: Sizes, *, first_hash: str) -> None:
    audit, events = sql.SqlAuditLog(database), sql.SqlEventStore(database)
    for entries in _batches(records.changes(sizes)):
        audit.append(entries)
    for some in _batches(records.events(sizes)):
        events.append(some, at=sizes.now)
    overrides = sql.SqlOverrideStore(database)
    for override in records.overrides(sizes):
        overrides.put(override)
    people, keys = sql.SqlPersonStore(database), sql.SqlKeyStore(database)
    for person in records.people(sizes):
        people.insert(person, audit=())
    for key in records.keys(sizes, first_hash=first_hash):
        keys.insert(key, audit=())


def _batches(values: Iterator[T]) -> Iterator[Sequence[T]]:
    while some := list(islice(values, 1_000)):
        yield some
