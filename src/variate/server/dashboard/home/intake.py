"""What came in lately, as home shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from variate.analysis.wording import percent_of
from variate.rendering.charts.svg import element, title
from variate.server.operations.intake_history import MINUTES, IntakeCounts, IntakeHistory

_BAR, _GAP, _HEIGHT = 12, 4, 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Events a second now, and what the last 15 minutes brought."""

    per_second: str
    accepted: str
    duplicate: str
    rejected: str
    refused: str
    loss: str
    tone: str
    bars: Markup


def intake_of(history: IntakeHistory) -> Intake:
    """Return what is shown of the history."""
    recent, minutes = history.recent(), history.per_minute()
    share = max(recent.rejected_share, recent.refused_share)
    return Intake(
        per_second=_rate(history.accepted_per_second()),
        accepted=f"{recent.accepted:,}",
        duplicate=f"{recent.duplicate:,}",
        rejected=f"{recent.rejected:,} ({percent_of(recent.rejected_share)})",
        refused=f"{recent.refused:,} ({percent_of(recent.refused_share)})",
        loss="nothing was lost" if share == 0 else f"up to {percent_of(share)} was lost",
        tone="ok" if share == 0 else "warning" if share < 0.01 else "failed",
        bars=_bars(minutes),
    )


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 or per_second == 0 else f"{per_second:.1f}"


def _bars(minutes: Sequence[IntakeCounts]) -> Markup:
    """Draw the accepted events of each minute as a bar, with its number on hover."""
    highest = max((each.accepted for each in minutes), default=0)
    drawn = []
    for place, each in enumerate(minutes):
        height = max(1.0, _HEIGHT * each.accepted / highest) if highest else 1.0
        back = len(minutes) - place
        when = "in the last minute" if back == 1 else f"{back - 1} to {back} minutes ago"
        drawn.append(
            element(
                "rect",
                title(f"{each.accepted:,} events accepted {when}"),
                x=place * (_BAR + _GAP),
                y=_HEIGHT - height,
                width=_BAR,
                height=height,
                class_="bar",
            )
        )
    about = f"Events accepted in each of the last {MINUTES} minutes; the busiest had {highest:,}."
    width = MINUTES * (_BAR + _GAP)
    return Markup(  # noqa: S704 - drawn here, of numbers alone
        element(
            "svg",
            title(about),
            *drawn,
            viewBox=f"0 0 {width} {_HEIGHT}",
            width=width,
            height=_HEIGHT,
            role="img",
            class_="bars",
        )
    )
