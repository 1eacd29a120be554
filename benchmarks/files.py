"""A file of units beside bare DuckDB: 10 M units, four metrics with CUPED, one of them a ratio, from Parquet.

The bare side is the least that says as much: one statement that adds up the powers and products of the values as they
are, by variation. It neither sees whether a unit has two rows, nor keeps digits where a mean is far from zero.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path

import duckdb

from benchmarks.children import in_a_child
from benchmarks.contest import Contest, Figure
from benchmarks.engines import Engines
from benchmarks.line import Aim, Line
from variate.model.metric import MetricKind
from variate.stores.duckdb.file_question import ROW, FileMetric, FileQuestion
from variate.stores.duckdb.unit_file import UnitFile

UNITS = 10_000_000
MEGABYTES = 1_000

_VALUES = (("spent", "spent_before"), ("bought", "bought_before"), ("minutes", "minutes_before"))
_RATIO = ("orders", "visits", "orders_before", "visits_before")
_METRICS = (
    FileMetric(name="spent", column="spent", kind=MetricKind.MEAN, covariates=("spent_before",)),
    FileMetric(name="bought", column="bought", kind=MetricKind.PROPORTION, covariates=("bought_before",)),
    FileMetric(name="minutes", column="minutes", kind=MetricKind.MEAN, covariates=("minutes_before",)),
    FileMetric(
        name="orders a visit",
        column="orders",
        denominator="visits",
        kind=MetricKind.RATIO,
        covariates=("orders_before", "visits_before"),
    ),
)
_IN_A_CHILD = """
import sys, time
from pathlib import Path
from benchmarks.files import answer
start = time.perf_counter()
answer(Path(sys.argv[1]), unit=sys.argv[2])
seconds = time.perf_counter() - start
"""


def lines(_engines: Engines, *, turns: int) -> Iterator[Line]:
    """Measure ours beside bare DuckDB, by what a unit is called, and how much memory ours takes at most."""
    with tempfile.TemporaryDirectory(prefix="variate-bench-") as folder:
        path = Path(folder) / "units.parquet"
        _generate(path)
        bare = _sums(path)
        for what, unit in (("whole numbers", "number"), ("the rows", ROW), ("text", "name")):
            yield Contest(
                what=f"file of 10 M units, ids are {what}: 4 metrics with CUPED, a ratio",
                ours=lambda _, unit=unit: answer(path, unit=unit),  # type: ignore[misc]  # a default makes it each turn's
                bare=lambda _: _run(bare),
                operations=UNITS,
                turns=turns,
                figure=Figure.COST,
                aim=Aim(1.3),
            ).run()
        distinct = f"SELECT count(DISTINCT name) FROM read_parquet('{path}')"
        yield Contest(
            what="file of 10 M units, ids are text, beside the sums and count(DISTINCT unit)",
            ours=lambda _: answer(path, unit="name"),
            bare=lambda _: _run(bare, distinct),
            operations=UNITS,
            turns=min(turns, 5),
            figure=Figure.COST,
        ).run()
        for unit in ("number", "name"):
            seconds, megabytes = in_a_child(_IN_A_CHILD, str(path), unit)
            yield Line(
                what=f"file of 10 M units by {unit}: most memory of a new process",
                unit="MB",
                ours=megabytes,
                aim=Aim(MEGABYTES),
                note=f"in {seconds:.1f} s",
            )


def answer(path: Path, *, unit: str) -> None:
    """Answer the question as ``variate analyze`` does."""
    question = FileQuestion(source=path, unit=unit, variation="variation", metrics=_METRICS)
    with UnitFile(question) as file:
        file.answer()


def _generate(path: Path) -> None:
    """Write the file; the same each time."""
    columns = [*(name for pair in _VALUES for name in pair), *_RATIO]
    # A hash is a draw that needs no seed and no order.
    draws = {name: f"(hash(n + {place} * {UNITS}) % 1000000 + 1) / 1000001.0" for place, name in enumerate(columns)}
    values = {
        "spent": "round(-ln({}) * 20, 2)",
        "bought": "CAST({} < 0.1 AS DOUBLE)",
        "minutes": "-ln({}) * 7",
        "orders": "floor({} * 50)",
        "visits": "1 + floor({} * 10)",
    }
    selected = ", ".join(
        f"{values[name.removesuffix('_before')].format(draw)} AS {name}" for name, draw in draws.items()
    )
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        connection.execute(
            f"COPY (SELECT n AS number, 'user-' || hash(n) AS name, "
            f"CASE WHEN hash(n + 100 * {UNITS}) % 2 = 0 THEN 'control' ELSE 'treatment' END AS variation, {selected} "
            f"FROM range({UNITS}) AS r(n)) TO '{path}' (FORMAT parquet)"
        )


def _sums(path: Path) -> str:
    found = ["count(*)"]
    for group in (*_VALUES, _RATIO):
        found += [f"sum({name})" for name in group]
        found += [f"sum({one} * {other})" for one, other in combinations_with_replacement(group, 2)]
        found += [f"sum({name} * {name} * {name})" for name in group]
    return f"SELECT variation, {', '.join(found)} FROM read_parquet('{path}') GROUP BY variation"


def _run(*statements: str) -> None:
    with duckdb.connect() as connection:
        for statement in statements:
            connection.execute(statement).fetchall()
