"""What units did that metrics read: the table ``happened``, and the metrics' variables by unit from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from variate.model.metric import Aggregation, Measure, Metric, MetricKind
from variate.stores.aggregates import Question
from variate.stores.duckdb.entering import lives
from variate.stores.duckdb.event_source import EventSource
from variate.stores.duckdb.event_values import number_under
from variate.stores.duckdb.session import Session, literal
from variate.stores.duckdb.unit_rows import EventRows, MetricColumns, UnitRows
from variate.stores.duckdb.units_of_time import micros, micros_of


class Happenings:
    """The events of the units of ``entries`` that the question's metrics read.

    ``gather`` makes ``happened``: unit, kind (the event type's place), moment, since (how long after the unit's
    exposure) and f0 ... (the numbers under the fields that are summed). Times are in microseconds.
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self._types = tuple(dict.fromkeys(each for metric in question.metrics for each in metric.event_types))
        self._fields = tuple(dict.fromkeys(measure.field for measure in self._read_measures()))
        self._metrics = [metric for metric in question.metrics if metric.kind is not MetricKind.QUANTILE]

    def gather(self, session: Session, events: EventSource) -> None:
        """Read the events."""
        question = self._question
        fields = "".join(f", {number_under(name)} AS f{place}" for place, name in enumerate(self._fields))
        cases = " ".join(f"WHEN {literal(name)} THEN {place}" for place, name in enumerate(self._types))
        wanted = f"event_type IN ({', '.join(map(literal, self._types))})" if self._types else "false"
        before = max((micros_of(metric.covariate) for metric in question.metrics if metric.covariate), default=0)
        kind = f"CAST(CASE event_type {cases} END AS SMALLINT)" if cases else "CAST(NULL AS SMALLINT)"
        session.run(
            f"CREATE TEMP TABLE happened AS SELECT unit, {kind} AS kind, moment, moment - first AS since{fields} "
            f"FROM {events.relation} AS event JOIN entries ON event.user_id = entries.user_id "
            f"WHERE {wanted} AND (experiment_id IS NULL OR experiment_id = {literal(question.experiment_id)}) "
            f"AND {lives(question)} AND moment >= first - {before}",
            what="reading the events of the units",
        )

    def units(self, session: Session) -> tuple[UnitRows, list[MetricColumns]]:
        """Make ``sums``, a row a unit, and return its rows with the variables of each metric that has moments."""
        sums: dict[str, str] = {}
        for metric in self._metrics:
            for _, total in self._totals(metric):
                sums.setdefault(total, f"s{len(sums)}")
        funnels = [metric for metric in self._metrics if metric.kind is MetricKind.FUNNEL]
        totals = "".join(f", {total} AS {name}" for total, name in sums.items())
        joins = "".join(
            f" LEFT JOIN ({self._last_step(metric)}) AS funnel{place} ON funnel{place}.unit = entries.unit"
            for place, metric in enumerate(funnels)
        )
        reached = "".join(f", funnel{place}.reached AS r{place}" for place in range(len(funnels)))
        names = "".join(f", {name}" for name in sums.values())
        session.run(
            f"CREATE TEMP TABLE sums AS SELECT entries.*{names}{reached} FROM entries LEFT JOIN "
            f"(SELECT unit{totals} FROM happened GROUP BY unit) AS did ON did.unit = entries.unit{joins}",
            what="adding up the events of each unit",
        )
        places = {metric.id: f"r{place}" for place, metric in enumerate(funnels)}
        metrics = [self._columns(session, metric, sums, places.get(metric.id)) for metric in self._metrics]
        units = UnitRows(relation="sums", variation="v", day="day", dimensions=self._dimensions, period=self._period)
        return units, metrics

    @property
    def _period(self) -> str | None:
        if not self._question.reweighed:
            return None
        latest_first = reversed(list(enumerate(self._question.reweighed, start=1)))
        cases = (f"WHEN first >= {micros(moment)} THEN {place}" for place, moment in latest_first)
        return f"CASE {' '.join(cases)} ELSE 0 END"

    def events(self, session: Session, metric: Metric) -> EventRows:
        """Return the events of a quantile."""
        measure = metric.measure or Measure(event_type="")
        is_in = self._is_in(metric)
        return EventRows(
            metric_id=metric.id,
            relation=(
                f"happened JOIN entries USING (unit) WHERE kind = {self._types.index(measure.event_type)} "
                f"AND {self._window(metric)}{f' AND {is_in}' if is_in else ''}"
            ),
            unit="unit",
            value=f"f{self._fields.index(measure.field)}",
            variation="v",
            dimensions=self._dimensions,
            quantile=metric.quantile or 0.5,
            waiting=self._waiting(session, metric),
        )

    @property
    def _dimensions(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, f"g{place}") for place, name in enumerate(self._question.dimensions))

    def _read_measures(self) -> Iterator[Measure]:
        """Yield the measures whose events' values are read."""
        for metric in self._question.metrics:
            for measure in (metric.measure, metric.denominator):
                is_read = metric.kind is MetricKind.QUANTILE or (
                    measure is not None and measure.aggregation is Aggregation.SUM
                )
                if measure is not None and is_read:
                    yield measure

    def _columns(self, session: Session, metric: Metric, sums: dict[str, str], step: str | None) -> MetricColumns:
        found = [(name, f"coalesce({sums[total]}, 0.0)") for name, total in self._totals(metric)]
        if step is not None:
            found = [("y", f"CAST({step} IS NOT NULL AS DOUBLE)")]
        is_in = self._is_in(metric)
        columns = [f"CASE WHEN {is_in} THEN {column} END" if is_in else column for _, column in found]
        return MetricColumns(
            metric_id=metric.id,
            variables=tuple(name for name, _ in found),
            columns=tuple(columns),
            needed=1 if metric.denominator is None else 2,
            cap_quantile=metric.cap_quantile,
            capped=("y", "x1"),
            waiting=self._waiting(session, metric),
        )

    def _totals(self, metric: Metric) -> Iterator[tuple[str, str]]:
        """Yield the metric's variables, each with its aggregate over a unit's rows of ``happened``."""
        if metric.measure is None:
            return
        window = self._window(metric)
        yield "y", self._total(metric, metric.measure, window)
        if metric.denominator is not None:
            yield "d", self._total(metric, metric.denominator, window)
        if metric.covariate is not None:
            before = f"since >= {-micros_of(metric.covariate)} AND since < 0"
            yield "x1", self._total(metric, metric.measure, before)
            if metric.denominator is not None:
                yield "x2", self._total(metric, metric.denominator, before)

    def _total(self, metric: Metric, measure: Measure, window: str) -> str:
        counted = f"FILTER (kind = {self._types.index(measure.event_type)} AND {window})"
        if metric.is_share:
            return f"CAST(count(*) {counted} > 0 AS DOUBLE)"
        if measure.aggregation is Aggregation.COUNT:
            return f"CAST(count(*) {counted} AS DOUBLE)"
        return f"sum(f{self._fields.index(measure.field)}) {counted}"

    def _last_step(self, metric: Metric) -> str:
        """The units that did every step: the first of each at or after the first of the one before."""
        window = self._window(metric)
        reached = "SELECT unit, first AS reached FROM entries"
        for step in metric.steps:
            reached = (
                f"SELECT unit, min(moment) AS reached FROM happened JOIN "
                f"(SELECT unit, reached AS came FROM ({reached})) USING (unit) "
                f"WHERE kind = {self._types.index(step)} AND {window} AND moment >= came GROUP BY unit"
            )
        return reached

    def _window(self, metric: Metric) -> str:
        low = f"since >= {micros_of(metric.window_start)}"
        if metric.window_end is not None:
            return f"{low} AND since < {micros_of(metric.window_end)}"
        until = self._question.until
        return low if until is None else f"{low} AND moment < {micros(until)}"

    def _is_in(self, metric: Metric) -> str:
        """The condition that the unit's window is over; nothing where there is none."""
        end: timedelta | None = metric.window_end
        return "" if end is None else f"first + {micros_of(end)} <= {micros(self._question.at)}"

    def _waiting(self, session: Session, metric: Metric) -> int:
        is_in = self._is_in(metric)
        return int(session.rows(f"SELECT count(*) FROM entries WHERE NOT ({is_in})")[0][0]) if is_in else 0


def event_types(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """Return the types of the events that the metrics read, each once."""
    return tuple(dict.fromkeys(each for metric in metrics for each in metric.event_types))
