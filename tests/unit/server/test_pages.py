"""What the pages on operations name is there, and what is there is named."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from variate.server.operations.metrics import prometheus_text
from variate.server.operations.numbers import numbers_of
from variate.server.operations.tally import Tally
from variate.server.operations.usage import cpu_seconds, usage

DOCS = Path(__file__).parents[3] / "docs"
_SUFFIXES = re.compile(r"_(bucket|count|sum)$")


def names() -> set[str]:
    """Return the name of every number that a scrape has."""
    tally = Tally()
    tally.answered("ofrep_single", "POST", 200, 0.001)
    tally.evaluations["split"] += 1
    tally.events["accepted"] += 1
    gauges = {
        "variate_intake_waiting_events": 0.0,
        "variate_assignments_pending": 0.0,
        "variate_snapshot_age_seconds": 0.0,
        "variate_snapshot_sequence": 1.0,
        **usage(),
    }
    counts = {"process_cpu_seconds": cpu_seconds()}
    text = prometheus_text([numbers_of(tally, before=None, counts=counts, gauges=gauges, stores={"sqlite": True})])
    return {sample.name for family in text_string_to_metric_families(text.decode()) for sample in family.samples}


def test_the_reference_names_every_number() -> None:
    page = (DOCS / "reference" / "operations.md").read_text()
    assert {name for name in names() if f"`{_SUFFIXES.sub('', name)}`" not in page} == set()


def test_the_alerts_are_of_numbers_that_there_are() -> None:
    page = (DOCS / "howto" / "run-the-service.md").read_text()
    rules = page[page.index("groups:") : page.index("| alert |")]
    named = set(re.findall(r"\b(?:variate|process)_[a-z_]+", rules))
    assert len(named) >= 5
    assert named - names() == set()
