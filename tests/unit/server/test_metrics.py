"""The numbers, as Prometheus reads them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from variate.server.operations.metrics import prometheus_text
from variate.server.operations.numbers import Board, Numbers, numbers_of
from variate.server.operations.tally import Tally


def numbers(tally: Tally, *, before: Numbers | None = None, age: float = 0.0, **gauges: float) -> Numbers:
    made = numbers_of(
        tally, before=before, counts={"process_cpu_seconds": 1.5}, gauges=gauges, stores={"postgres": age < 100}
    )
    made.at = time.time() - age
    return made


def samples(*all_numbers: Numbers) -> dict[tuple[str, ...], float]:
    """Return each sample's value by its name and its labels' values in the order of their names."""
    families = text_string_to_metric_families(prometheus_text(all_numbers).decode())
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def tally_of(*seconds: float, status: int = 200) -> Tally:
    tally = Tally()
    for each in seconds:
        tally.answered("ofrep_single", "POST", status, each)
    return tally


def test_requests_are_counted_by_route_method_and_status() -> None:
    tally = tally_of(0.001, 0.001)
    tally.answered("ofrep_single", "POST", 404, 0.001)
    found = samples(numbers(tally))
    assert found["variate_http_requests_total", "POST", "ofrep_single", "200"] == 2
    assert found["variate_http_requests_total", "POST", "ofrep_single", "404"] == 1


def test_durations_are_a_histogram_of_all_statuses() -> None:
    tally = tally_of(0.0001, 0.0003, 60.0)
    tally.answered("ofrep_single", "POST", 404, 0.002)
    found = samples(numbers(tally))
    name = "variate_http_request_duration_seconds"
    bounds = ("0.0001", "0.0005", "0.0025", "10.0", "+Inf")
    assert [found[f"{name}_bucket", bound, "POST", "ofrep_single"] for bound in bounds] == [1, 2, 3, 3, 4]
    assert found[f"{name}_count", "POST", "ofrep_single"] == 4
    assert found[f"{name}_sum", "POST", "ofrep_single"] == pytest.approx(60.0024)


def test_decisions_and_events_are_counted_by_what_came_of_them() -> None:
    tally = Tally()
    tally.evaluations["split"] += 3
    tally.events["accepted"] += 500
    found = samples(numbers(tally))
    assert found["variate_evaluations_total", "split"] == 3
    assert found["variate_events_total", "accepted"] == 500


def test_a_method_that_nobody_knows_makes_no_series_of_its_own() -> None:
    tally = Tally()
    for number in range(100):
        tally.answered("unmatched", f"M{number}", 405, 0.001)
    assert samples(numbers(tally))["variate_http_requests_total", "_OTHER", "unmatched", "405"] == 100


def test_one_text_tells_of_all_processes() -> None:
    here = numbers(
        tally_of(0.001), variate_intake_waiting_events=2, variate_snapshot_age_seconds=1, variate_snapshot_sequence=8
    )
    there = numbers(
        tally_of(0.002), variate_intake_waiting_events=5, variate_snapshot_age_seconds=9, variate_snapshot_sequence=7
    )
    there.stores["postgres"] = False
    found = samples(here, there)
    assert found["variate_http_requests_total", "POST", "ofrep_single", "200"] == 2
    assert found["variate_intake_waiting_events",] == 7
    assert found["variate_snapshot_age_seconds",] == 9
    assert found["variate_snapshot_sequence",] == 7
    assert found["variate_store_up", "postgres"] == 0
    assert found["process_cpu_seconds_total",] == 3
    assert found["variate_processes",] == 2


def test_of_a_process_that_ended_the_counts_stay_and_the_state_goes() -> None:
    found = samples(
        numbers(tally_of(0.001), variate_intake_waiting_events=2),
        numbers(tally_of(0.001), age=60, variate_intake_waiting_events=5),
    )
    assert found["variate_http_requests_total", "POST", "ofrep_single", "200"] == 2
    assert found["variate_intake_waiting_events",] == 2
    assert found["variate_processes",] == 1


def test_a_process_goes_on_counting_where_the_one_before_it_ended(tmp_path: Path) -> None:
    Board(tmp_path, place=1).put(numbers(tally_of(0.001, 0.001)))
    board = Board(tmp_path, place=1)
    board.put(numbers(tally_of(0.001), before=board.before))
    found = samples(*Board(tmp_path, place=0).others())
    assert found["variate_http_requests_total", "POST", "ofrep_single", "200"] == 3
    assert found["process_cpu_seconds_total",] == 3


def test_a_process_alone_needs_no_folder() -> None:
    board = Board(None)
    board.put(numbers(Tally()))
    assert (board.before, board.others()) == (None, ())
