"""The tables of a report that are not of one metric: its units, checks, plan, looks, and how it was computed."""

from __future__ import annotations

from collections.abc import Iterator

from variate.analysis.report import RatioTest, Report
from variate.rendering import words
from variate.rendering.charts.axis import full_day_words
from variate.rendering.metric_tables import NO_VALUE
from variate.rendering.numbers import count_words, p_words, share_words
from variate.rendering.tables import Table, table
from variate.stats.not_estimable import NotEstimable

MISMATCH = "mismatch"
"""Units are not shared out as configured."""


def facts(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what the report is of, as names and values."""
    units = sum(each.units for each in report.variations)
    until = f" to {words.moment_words(report.until)}" if report.until is not None else ""
    # A file without a day for its units begins and ends when it is read.
    is_untimed = report.start == report.until == report.at
    times = "at times that are not told" if is_untimed else f"from {words.moment_words(report.start)}{until}"
    found = [
        ("experiment", f"{report.experiment_id}, version {report.version}"),
        ("as of", words.moment_words(report.at)),
        ("exposures", times),
        ("units", f"{count_words(units)} (one is a {report.unit_type})"),
        *([("report", report.id)] if report.id else []),
    ]
    return (*found, ("hypothesis", report.hypothesis)) if report.hypothesis else tuple(found)


def variations_table(report: Report) -> Table:
    """Return how many units each variation has, beside what its weight makes."""
    columns = ("variation", "configured", "units", "share", "expected units")
    total = sum(each.units for each in report.variations)
    rows = [
        (
            f"{each.name} (control)" if each.name == report.control else each.name,
            share_words(each.share),
            count_words(each.units),
            share_words(each.units / total) if total else words.NOTHING,
            f"{each.expected:,.0f}",
        )
        for each in report.variations
    ]
    return table("Units of each variation", columns, rows, numbers=columns[1:], notes=[ratio_words(report)])


def ratio_words(report: Report) -> str:
    """Return the p-values of the sample ratio of all units, as a sentence."""
    health = report.health
    p = words.p_value_words(health.sample_ratio.p_value)
    sequential = words.p_value_words(health.sequential_p)
    return f"Sample ratio: p {p} by the chi-square, {sequential} by the test that is valid at any time."


def checks_table(report: Report) -> Table:
    """Return how each check of the data came out."""
    rows = [(words.CHECKS[each.kind], words.STATUSES[each.status], each.words) for each in report.health.checks]
    return table("Checks of the data", ("check", "status", "what was found"), rows)


def ratio_by_dimension_table(report: Report) -> Table | None:
    """Return the sample ratio within each value of each dimension; None without dimensions."""
    tests = report.health.by_dimension
    if not tests:
        return None
    names = tuple(each.name for each in report.variations)
    rows = [
        (f"{each.dimension}: {NO_VALUE if each.value is None else each.value}", *_ratio_cells(each)) for each in tests
    ]
    columns = ("units with", *names, "p", "status")
    return table("Sample ratio by dimension", columns, rows, numbers=columns[1:-1])


def ratio_by_day_table(report: Report) -> Table | None:
    """Return the units of each day; None where the days are not known."""
    tests = [each for each in report.health.by_day if each.day is not None]
    if not tests:
        return None
    names = tuple(each.name for each in report.variations)
    until = {each.day: each for each in report.health.cumulative}
    rows = []
    for each in tests:
        if each.day is not None:
            so_far = until.get(each.day)
            p_values = (None, None) if so_far is None else (so_far.p_value, so_far.sequential_p)
            *cells, status = _ratio_cells(each)
            rows.append((full_day_words(each.day), *cells, *map(words.p_value_words, p_values), status))
    columns = ("day", *names, "p of the day", "p until then", "p at any time", "status")
    return table("Units first exposed on each day", columns, rows, numbers=columns[1:-1])


def plan_facts(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what was planned, and how far it has come."""
    return tuple(_plan_facts(report))


def looks_table(report: Report) -> Table | None:
    """Return the looks taken so far; None where there are none."""
    looks = report.progress.looks
    if not looks:
        return None
    rows = [
        (
            str(each.number),
            words.moment_words(each.at),
            count_words(each.units),
            share_words(each.fraction),
            p_words(each.spent) if each.spent else "0",
            f"{each.critical:.3f}",
        )
        for each in looks
    ]
    columns = ("look", "at", "units", "of the plan", "alpha spent then", "critical z")
    return table("Looks so far", columns, rows, numbers=("look", *columns[2:]))


def computed_facts(report: Report) -> tuple[tuple[str, str], ...]:
    """Return what it takes to come to the same report."""
    made = report.reproduction
    return (
        ("alpha", f"{made.alpha:g} in all, {made.alpha_each:g} for each test"),
        ("dimensions", ", ".join(made.dimensions) or "none"),
        ("read through", made.through),
        ("digest", made.digest),
        ("digest of the overridden", made.overridden_digest),
        ("variate", made.variate_version),
    )


def _ratio_cells(each: RatioTest) -> tuple[str, ...]:
    status = MISMATCH if each.flagged else "as expected"
    if isinstance(each.p_value, NotEstimable):
        status = words.NOTHING
    return (*map(count_words, each.units), words.p_value_words(each.p_value), status)


def _plan_facts(report: Report) -> Iterator[tuple[str, str]]:
    plan, progress = report.reproduction.plan, report.progress
    if progress.planned_units is None and progress.planned_end is None:
        yield "planned", "nothing: the confidence sequence holds however long it runs"
    else:
        units = "" if progress.planned_units is None else f"{count_words(progress.planned_units)} units"
        ends = progress.planned_end
        end = f"until {words.moment_words(ends)}" if ends is not None and ends > report.start else ""
        looks = "one look" if plan.looks == 1 else f"about {plan.looks} looks, spending {plan.spending.authors}"
        yield "planned", ", ".join(filter(None, (units, end, looks)))
    if progress.fraction is not None:
        yield "reached", share_words(progress.fraction)
    yield "planned end", "reached" if progress.is_ended else "not reached"
    if progress.critical is not None:
        yield "critical z now", f"{progress.critical:.3f}"
    if progress.is_ended:
        return
    if progress.units_per_day is not None:
        yield "intake", f"{progress.units_per_day:,.0f} units a day over the last 7 days"
    if progress.days_left is not None:
        until_when = "to the planned end" if progress.units_per_day is None else "at this intake"
        yield "time left", f"{progress.days_left:,.1f} days {until_when}"
