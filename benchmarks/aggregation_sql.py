"""The events that are analysed, made by the engines themselves, and the sums of them written by hand."""

from __future__ import annotations

EXPERIMENT = "checkout-button"
DAYS = 70
"""Exposures are of the days 30 to 44, events of the days 0 to 60, and what comes later of day 70 on."""
COVARIATE_DAYS = 14

_FIRST_DAY = 1_767_225_600
"""2026-01-01, in seconds from 1970."""
_DAY = 86_400
_PRIME = 2_654_435_761
_MIX = 2_246_822_519
_TYPES = "CASE {n} % 3 WHEN 0 THEN 'purchase' WHEN 1 THEN 'click' ELSE 'visit' END"


def on_sqlite(first: int, count: int, events: int, *, day: int | None = None) -> list[str]:
    """Return what inserts ``count`` exposed units from number ``first`` on, and so many events for each."""
    unit = f"printf('%08x-%07d', ({{n}} * {_PRIME}) % 4294967296, {{n}})"
    series = "WITH RECURSIVE series (n) AS (SELECT {low} UNION ALL SELECT n + 1 FROM series WHERE n + 1 < {high})"
    at = "({seconds}) * 1000000"
    variation = "CASE n % 2 WHEN 0 THEN 'control' ELSE 'treatment' END"
    value = f"CASE n % 3 WHEN 0 THEN (n * {_MIX} % 10007) / 100.0 END"
    return [
        "INSERT INTO events (id, user_id, event_type, data, at, experiment_id, variation) "
        + series.format(low=first, high=first + count)
        + f" SELECT 'x' || n, {unit.format(n='n')}, 'exposure', '{{\"variation\":\"' || {variation} || '\"}}',"
        + f" {at.format(seconds=_exposed('n', day))}, '{EXPERIMENT}', {variation} FROM series",
        "INSERT INTO events (id, user_id, event_type, data, at, value) "
        + series.format(low=first * events, high=(first + count) * events)
        + f" SELECT 'm' || n, {unit.format(n=_unit_of('n', first + count))}, {_TYPES.format(n='n')},"
        + f" CASE n % 3 WHEN 0 THEN '{{\"value\":' || {value} || ',\"page\":\"/checkout\"}}' ELSE '{{}}' END,"
        + f" {at.format(seconds=_happened('n', day))}, {value} FROM series",
    ]


def on_postgres(first: int, count: int, events: int, *, day: int | None = None) -> list[str]:
    """Return what inserts the same."""
    unit = f"lpad(to_hex(({{n}} * {_PRIME}) % 4294967296), 8, '0') || '-' || lpad(CAST({{n}} AS text), 7, '0')"
    series = "FROM generate_series(CAST({low} AS bigint), {high}) AS n"
    at = "to_timestamp({seconds})"
    variation = "CASE n % 2 WHEN 0 THEN 'control' ELSE 'treatment' END"
    value = f"CASE n % 3 WHEN 0 THEN (n * {_MIX} % 10007) / 100.0 END"
    data = f"CASE n % 3 WHEN 0 THEN '{{\"value\":' || {value} || ',\"page\":\"/checkout\"}}' ELSE '{{}}' END"
    exposures = (
        "INSERT INTO events (id, user_id, event_type, data, at, experiment_id, variation)"
        f" SELECT 'x' || n, {unit.format(n='n')}, 'exposure',"
        f" CAST('{{\"variation\":\"' || {variation} || '\"}}' AS json), {at.format(seconds=_exposed('n', day))},"
        f" '{EXPERIMENT}', {variation} {series.format(low=first, high=first + count - 1)}"
    )
    measured = (
        "INSERT INTO events (id, user_id, event_type, data, at, value)"
        f" SELECT 'm' || n, {unit.format(n=_unit_of('n', first + count))}, {_TYPES.format(n='n')},"
        f" CAST({data} AS json), {at.format(seconds=_happened('n', day))}, {value}"
        f" {series.format(low=first * events, high=(first + count) * events - 1)}"
    )
    return [exposures, measured]


def _exposed(n: str, day: int | None) -> str:
    if day is not None:
        return f"{_FIRST_DAY + day * _DAY} + {n} % {_DAY}"
    return f"{_FIRST_DAY + 30 * _DAY} + {n} * {_MIX} % {14 * _DAY}"


def _happened(n: str, day: int | None) -> str:
    if day is not None:
        return f"{_FIRST_DAY + day * _DAY} + {n} % {_DAY}"
    return f"{_FIRST_DAY} + {n} * {_MIX} % {60 * _DAY}"


def _unit_of(n: str, units: int) -> str:
    """Any of the units, in no order."""
    return f"({n} * {_MIX} % 1000000007 % {units})"


# Bare: each unit's first exposure, its sums, and theirs. What is null or double in no event here is not looked at.
SUMS_ON_SQLITE = f"""
WITH entry AS MATERIALIZED (
    SELECT user_id, min(variation) AS variation, min(at) AS first_at FROM events
    WHERE event_type = 'exposure' AND experiment_id IS NOT NULL AND experiment_id = '{EXPERIMENT}'
        AND at < :at AND (expires_at IS NULL OR expires_at > :at)
    GROUP BY user_id HAVING min(variation) = max(variation)
), unit AS (
    SELECT entry.variation, entry.first_at / 86400000000 AS day,
        max(event_type = 'click' AND at >= first_at) AS p,
        total(CASE WHEN event_type = 'purchase' AND at >= first_at THEN value END) AS y,
        total(CASE WHEN event_type = 'purchase' AND at < first_at
            AND at >= first_at - {COVARIATE_DAYS * 86_400_000_000} THEN value END) AS x,
        count(CASE WHEN event_type = 'visit' AND at >= first_at THEN 1 END) AS d
    FROM entry LEFT JOIN events ON events.user_id = entry.user_id
        AND event_type IN ('click', 'purchase', 'visit') AND event_type <> 'exposure' AND at < :at
        AND (experiment_id IS NULL OR experiment_id = '{EXPERIMENT}') AND (expires_at IS NULL OR expires_at > :at)
    GROUP BY entry.user_id
)
SELECT variation, day, count(*), sum(p), sum(y), sum(x), sum(d), sum(y * y), sum(x * x), sum(d * d), sum(x * y),
    sum(y * d), sum(y * y * y), sum(x * x * x), sum(d * d * d)
FROM unit GROUP BY variation, day
"""

SUMS_ON_POSTGRES = f"""
WITH entry AS MATERIALIZED (
    SELECT user_id, min(variation) AS variation, min(at) AS first_at FROM events
    WHERE event_type = 'exposure' AND experiment_id IS NOT NULL AND experiment_id = '{EXPERIMENT}'
        AND at < %(at)s AND (expires_at IS NULL OR expires_at > %(at)s)
    GROUP BY user_id HAVING min(variation) = max(variation)
), unit AS (
    SELECT min(entry.variation) AS variation, floor(date_part('epoch', min(first_at)) / 86400) AS day,
        max(CASE WHEN event_type = 'click' AND at >= first_at THEN 1 ELSE 0 END) AS p,
        coalesce(sum(CASE WHEN event_type = 'purchase' AND at >= first_at THEN value END), 0) AS y,
        coalesce(sum(CASE WHEN event_type = 'purchase' AND at < first_at
            AND at >= first_at - interval '{COVARIATE_DAYS} days' THEN value END), 0) AS x,
        count(CASE WHEN event_type = 'visit' AND at >= first_at THEN 1 END) AS d
    FROM entry LEFT JOIN events ON events.user_id = entry.user_id
        AND event_type IN ('click', 'purchase', 'visit') AND event_type <> 'exposure' AND at < %(at)s
        AND octet_length(event_type) <= 256
        AND (experiment_id IS NULL OR experiment_id = '{EXPERIMENT}') AND (expires_at IS NULL OR expires_at > %(at)s)
    GROUP BY entry.user_id
)
SELECT variation, day, count(*), sum(p), sum(y), sum(x), sum(d), sum(y * y), sum(x * x), sum(d * d), sum(x * y),
    sum(y * d), sum(y * y * y), sum(x * x * x), sum(d * d * d)
FROM unit GROUP BY variation, day
"""
