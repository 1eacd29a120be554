"""The numbers as Prometheus reads them: names and units by its conventions, one text for all processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from variate.server.operations.numbers import Numbers, answered_together, together
from variate.server.operations.tally import SECONDS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SUMMED = {
    "variate_intake_waiting_events": "Events that wait to be written, in all processes.",
    "variate_assignments_pending": "Assignments that wait to be written to the ledger, in all processes.",
    "process_resident_memory_bytes": "Resident memory size in bytes, of all processes.",
    "process_open_fds": "Number of open file descriptors, of all processes.",
}
_COUNTED = {
    "process_cpu_seconds": "Total user and system CPU time spent in seconds, of all processes.",
    "variate_assignments_let_go": "Assignments that were not kept: the ledger was away for too long, or refused them.",
}
_HIGHEST = {
    "variate_snapshot_age_seconds": "Since the snapshot was last seen to be the one in force, in the process where "
    "that is longest.",
}
_LOWEST = {
    "variate_snapshot_sequence": "The publication that decisions are made from, in the process that is furthest back.",
    "process_start_time_seconds": "Start time of the oldest process since unix epoch in seconds.",
}


def prometheus_text(all_numbers: Sequence[Numbers]) -> bytes:
    """Return the numbers of all processes, summed where sums mean something."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shown(all_numbers))
    return generate_latest(registry)


class _Shown(Collector):
    def __init__(self, all_numbers: Sequence[Numbers]) -> None:
        self._all = all_numbers
        self._present = [numbers for numbers in all_numbers if numbers.present]

    def collect(self) -> Iterator[Metric]:
        yield from self._answers()
        evaluations = CounterMetricFamily("variate_evaluations", "Flags and experiments evaluated.", labels=["reason"])
        for reason, count in sorted(together(each.evaluations for each in self._all).items()):
            evaluations.add_metric([reason], count)
        yield evaluations
        events = CounterMetricFamily("variate_events", "Events taken, by what became of them.", labels=["verdict"])
        for verdict, count in sorted(together(each.events for each in self._all).items()):
            events.add_metric([verdict], count)
        yield events
        yield from self._gauges(_SUMMED, sum)
        yield from self._gauges(_HIGHEST, max)
        yield from self._gauges(_LOWEST, min)
        yield self._stores()
        yield GaugeMetricFamily("variate_processes", "Processes that answer.", value=len(self._present))
        counts = together(each.counts for each in self._all)
        for name, said in _COUNTED.items():
            yield CounterMetricFamily(name, said, value=counts.get(name, 0.0))

    def _answers(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "variate_http_requests", "Requests answered.", labels=["route", "method", "status"]
        )
        durations = HistogramMetricFamily(
            "variate_http_request_duration_seconds",
            "From a request's head to the end of its answer.",
            labels=["route", "method"],
        )
        by_route: dict[tuple[str, str], list[float]] = {}
        for (route, method, status), counts in sorted(answered_together(self._all).items()):
            requests.add_metric([route, method, str(status)], sum(counts[:-1]))
            known = by_route.get((route, method))
            by_route[route, method] = counts if known is None else [a + b for a, b in zip(known, counts, strict=True)]
        for (route, method), counts in by_route.items():
            durations.add_metric([route, method], _cumulative(counts), counts[-1])
        yield requests
        yield durations

    def _gauges(self, named: dict[str, str], of_all: Callable[[list[float]], float]) -> Iterator[Metric]:
        for name, said in named.items():
            values = [each.gauges[name] for each in self._present if name in each.gauges]
            if values:
                yield GaugeMetricFamily(name, said, value=of_all(values))

    def _stores(self) -> Metric:
        up = GaugeMetricFamily(
            "variate_store_up", "Whether the store answers every process that asks it: 1 or 0.", labels=["store"]
        )
        names = sorted({name for each in self._present for name in each.stores})
        for name in names:
            up.add_metric([name], float(all(each.stores.get(name, True) for each in self._present)))
        return up


def _cumulative(counts: Sequence[float]) -> list[tuple[str, float]]:
    buckets: list[tuple[str, float]] = []
    total = 0.0
    for bound, count in zip([*map(repr, SECONDS), "+Inf"], counts[:-1], strict=True):
        total += count
        buckets.append((bound, total))
    return buckets
