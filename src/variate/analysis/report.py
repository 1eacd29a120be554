"""A report: everything that is said of an experiment at one moment, as one value.

What of it is a metric's result stands in ``variate.analysis.comparison``. Numbers are finite floats; where there is
none, ``NotEstimable`` says why. Moments are in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from variate.analysis.comparison import MetricResult, Number
from variate.model.document import Document
from variate.model.look import Look
from variate.model.plan import Plan
from variate.model.planned_end import Pace


class VerdictKind(StrEnum):
    """What to do."""

    SHIP = "ship"
    """A goal is better, none is worse, and every guardrail is safe."""
    HOLD = "hold"
    """Nothing is decided: go on, or accept that no effect was shown."""
    STOP = "stop"
    """A guardrail is harmed, or every goal of every variation is worse."""
    INVALID = "invalid"
    """The data cannot be trusted, so the results are withheld: they are in the report, not to be acted on."""


class CheckKind(StrEnum):
    """What a check of the data is about."""

    SAMPLE_RATIO = "sample_ratio"
    SAMPLE_RATIO_BY_DIMENSION = "sample_ratio_by_dimension"
    SAMPLE_RATIO_BY_DAY = "sample_ratio_by_day"
    CROSSOVERS = "crossovers"
    OVERRIDDEN = "overridden"
    UNKNOWN_EXPOSURES = "unknown_exposures"
    COMPLETENESS = "completeness"
    LATE_DATA = "late_data"
    WAITING = "waiting"


class CheckStatus(StrEnum):
    """How a check came out."""

    OK = "ok"
    UNKNOWN = "unknown"
    """It cannot be told, so that nothing speaks against the data and nothing for them."""
    WARNING = "warning"
    """Worth knowing; the verdict stands."""
    FAILED = "failed"
    """The verdict is invalid where the check is of the whole experiment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportVariation:
    """A variation: ``share`` is what its weight makes of all weights, ``units`` how many entered, ``expected`` how many
    of all units the weights make that were in force when each of them entered."""

    name: str
    weight: float
    share: float
    units: int
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What it takes to come to the same report.

    ``metrics`` holds the definitions, as records; ``methods`` says in words what was done and why, the prior included.
    ``through`` names what had been read. ``digest`` is of the subject and of every number of the answer: the same
    digest and the same release give the same report. ``overridden_digest`` is of the ids of the units left out.
    """

    metrics: Document
    plan: Plan
    alpha: float
    alpha_each: float
    dimensions: tuple[str, ...]
    methods: tuple[str, ...]
    through: str
    variate_version: str
    digest: str
    overridden_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a plan has come.

    ``fraction`` is the share of ``planned_units`` that have entered, at most 1, and 1 at the planned end whatever has
    entered; None where nothing is planned. ``looks`` are those made so far, this one last where it is one; ``critical``
    is the value that a goal's z has to pass now. ``is_ended`` says whether the planned end is reached, ``days_left``
    how many days it takes at the intake of the last 7 days (``units_per_day``), or to the planned end, None where that
    cannot be told and where nobody enters any more.
    """

    units: int
    planned_units: int | None
    planned_end: datetime | None
    fraction: float | None
    looks: tuple[Look, ...]
    critical: float | None
    is_ended: bool
    units_per_day: float | None
    days_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioTest:
    """Whether units are shared out as the weights say, among some units (Fabijan et al. 2019).

    ``dimension`` and ``value`` say among which, as in ``Slice``; ``day`` where it is of one day. ``units`` are by
    variation, in the report's order, and so are those that are ``expected`` (none in a report of before it told them).
    ``p_value`` is of the chi-square, ``flagged`` where it is below 0.001 over the number of tests beside it. Where the
    weights were changed, the units of each period are tested against its own, and their chi-squares are added up.
    """

    dimension: str
    value: str | None
    day: date | None
    units: tuple[int, ...]
    p_value: Number
    flagged: bool
    expected: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioPeriod:
    """The units that first came from ``since`` on, until the weights were changed: by variation, in the report's order,
    with the ``shares`` that were in force and the chi-square's p-value."""

    since: datetime
    shares: tuple[float, ...]
    units: tuple[int, ...]
    p_value: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioDay:
    """All units first exposed up to and including ``day``: by variation, with the chi-square's p-value of these, and
    the p-value that is valid at any time (Lindon & Malek 2022)."""

    day: date
    units: tuple[int, ...]
    p_value: Number
    sequential_p: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: ``words`` are complete sentences that say what was found and what it means."""

    kind: CheckKind
    status: CheckStatus
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the data can be trusted.

    ``crossed`` units were exposed to two variations and left out, the share ``crossed_share`` of all; ``unknown``
    exposures name no variation; ``overridden`` units were left out. ``received`` of ``expected`` numbered events came,
    None where no sender numbers its events. ``late`` is None where it cannot be told. ``periods`` are those between
    changes of the weights, one where there was none; ``left_out`` units came in periods in which a variation had hardly
    any, so that no metric has them.
    """

    checks: tuple[Check, ...]
    sample_ratio: RatioTest
    sequential_p: Number
    by_dimension: tuple[RatioTest, ...]
    by_day: tuple[RatioTest, ...]
    cumulative: tuple[RatioDay, ...]
    crossed: int
    crossed_share: float
    crossed_tolerated: float
    overridden: int
    unknown: int
    received: int | None
    expected: int | None
    late: int | None
    periods: tuple[RatioPeriod, ...] = ()
    left_out: int = 0

    @property
    def status(self) -> CheckStatus:
        """The worst status of all checks; that something cannot be told is no fault."""
        found = {check.status for check in self.checks}
        return next((each for each in (CheckStatus.FAILED, CheckStatus.WARNING) if each in found), CheckStatus.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """What the report ``report_id`` of a look of the plan said ``at`` that look."""

    report_id: str
    at: datetime
    kind: VerdictKind
    variation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do, and about which variation; None where it is about all, or none.

    ``reasons`` and ``missing`` are complete sentences, the most important first; ``missing`` says what a decision waits
    for. ``standing`` is what the last look of the plan found, where this is none and that is the verdict still.
    """

    kind: VerdictKind
    variation: str | None
    reasons: tuple[str, ...]
    missing: tuple[str, ...] = ()
    standing: LastLook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is said of version ``version`` of an experiment at ``at``.

    Exposures from ``start`` on count, to before ``until`` where it is given. ``variations`` have the control first.
    ``id`` is what it is kept under, empty where it is not.
    """

    id: str = ""
    experiment_id: str
    name: str
    version: int
    hypothesis: str
    unit_type: str
    control: str
    variations: tuple[ReportVariation, ...]
    at: datetime
    start: datetime
    until: datetime | None
    verdict: Verdict
    health: Health
    progress: Progress
    metrics: tuple[MetricResult, ...]
    reproduction: Reproduction

    @property
    def pace(self) -> Pace:
        """How many units are in, and how fast they come."""
        return Pace(units=self.progress.units, per_day=self.progress.units_per_day, at=self.at)

    @property
    def is_withheld(self) -> bool:
        """Whether the results are not to be acted on."""
        return self.verdict.kind is VerdictKind.INVALID
