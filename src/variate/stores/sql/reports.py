"""The looks and the reports in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, Select, select

from variate.errors import ConflictError
from variate.model import Page
from variate.model.look import Look
from variate.stores.reports import ReportHead, StoredReport
from variate.stores.sql.database import Database
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import insert_new
from variate.stores.sql.schema import looks, reports

_KEY = ("experiment_id", "version", "number")
_LOOK = tuple(field.name for field in fields(Look))
_HEAD = tuple(field.name for field in fields(ReportHead))
_AT_ONCE = 100
_RECENT = Listing("reports", (reports.c.at, True), (reports.c.id, False))


class SqlLookStore:
    """See ``LookStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, look: Look) -> Look:
        """Store it unless one of its number stands; return the one that stands, which the key alone decides."""
        row = {name: getattr(look, name) for name in _LOOK}
        statement = self._database.insert(looks).values(row).on_conflict_do_nothing(index_elements=_KEY)
        of_version = (looks.c.experiment_id == look.experiment_id) & (looks.c.version == look.version)
        here = select(looks).where(of_version, looks.c.number == look.number)
        before = select(looks.c.number).where(of_version, looks.c.number == look.number - 1)

        def work(connection: Connection) -> Look:
            connection.execute(statement)
            if look.number > 1 and connection.execute(before).first() is None:
                raise ConflictError(f"look {look.number} at {look.experiment_id!r} follows none: read the looks again")
            return _look(connection.execute(here).one())

        return self._database.write(work)

    def of_version(self, experiment_id: str, *, version: int) -> Sequence[Look]:
        """Return every look at this version, in order of number, strongly consistent."""
        query = select(looks).where(looks.c.experiment_id == experiment_id, looks.c.version == version)
        query = query.order_by(looks.c.number)
        return [_look(row) for row in self._database.read(lambda connection: connection.execute(query).all())]


class SqlReportStore:
    """See ``ReportStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, report: StoredReport) -> None:
        """Store a new report; raise ``ConflictError`` if its id is taken."""
        row = {**{name: getattr(report.head, name) for name in _HEAD}, "data": report.document}
        self._database.write_once(
            lambda connection: insert_new(self._database, connection, reports, row, entity="report")
        )

    def get(self, report_id: str) -> StoredReport | None:
        """Return the report, or None."""
        query = select(reports).where(reports.c.id == report_id)
        found = self._database.read(lambda connection: connection.execute(query).first())
        return None if found is None else StoredReport(head=_head(found), document=found.data)

    def list(self, *, experiment_id: str | None = None, limit: int, last_key: str | None = None) -> Page[ReportHead]:
        """Return the heads of reports, most recent first (then by id), without reading what they say."""
        query = select(*(reports.c[name] for name in _HEAD))
        if experiment_id is not None:
            query = query.where(reports.c.experiment_id == experiment_id)
        listing = _RECENT.of(experiment_id)
        query = listing.page_of(query, limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page(rows, limit=limit, make=_head)

    def newest(self, experiment_ids: Sequence[str]) -> Mapping[str, ReportHead]:
        """Return the newest head of each, of which each is the first entry of its part of an index."""
        wanted = list(dict.fromkeys(experiment_ids))
        found: list[Row[Any]] = []
        for start in range(0, len(wanted), _AT_ONCE):
            ids = [_newest_id(experiment_id) for experiment_id in wanted[start : start + _AT_ONCE]]
            query = select(*(reports.c[name] for name in _HEAD)).where(reports.c.id.in_(ids))
            found += self._database.read(partial(_rows_of, query))
        return {row.experiment_id: _head(row) for row in found}


def _newest_id(experiment_id: str) -> ScalarSelect[str]:
    of_experiment = reports.alias()
    query = select(of_experiment.c.id).where(of_experiment.c.experiment_id == experiment_id)
    return query.order_by(of_experiment.c.at.desc(), of_experiment.c.id).limit(1).scalar_subquery()


def _rows_of(query: Select[Any], connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(query).all()


def _look(row: Row[Any]) -> Look:
    return Look(**{name: getattr(row, name) for name in _LOOK})


def _head(row: Row[Any]) -> ReportHead:
    return ReportHead(**{name: getattr(row, name) for name in _HEAD})
