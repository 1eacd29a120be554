"""What the newest report says for a decision, and what follows from it: of data with a fault, nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from variate.analysis.report import CheckStatus, VerdictKind
from variate.model.conclusion import ConclusionDecision
from variate.rendering import words
from variate.server.dashboard.experiments.running import Running
from variate.stores.reports import ReportHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the report says in short with a sign of ``tone``, and ``said`` at length; ``decision`` follows, or None.

    ``report_id`` and ``at`` are the report's, None where there is none. ``variation`` is what would be shipped.
    """

    tone: str
    short: str
    said: str
    report_id: str | None = None
    at: datetime | None = None
    decision: ConclusionDecision | None = None
    variation: str = ""


def suggestion(stands: Running) -> Suggestion:
    """Return what the newest report of the version says for a decision.

    A report that holds says to wait, and from that nothing follows; at the planned end, that it did not tell.
    """
    head = stands.head
    if head is None:
        said = "No report of this version was made: nothing is known to decide on."
        return Suggestion(tone="warning", short=stands.reported, said=said)
    tone, more, decision = _follows(stands, head)
    return Suggestion(
        tone=tone,
        short=stands.reported,
        said=f"{words.VERDICT_MEANINGS[VerdictKind(head.verdict)]} {more}".rstrip(),
        report_id=head.id,
        at=head.at,
        decision=decision,
        variation=(head.variation or "") if decision is ConclusionDecision.SHIP else "",
    )


def _follows(stands: Running, head: ReportHead) -> tuple[str, str, ConclusionDecision | None]:
    """Return the tone, what there is to say beside the verdict, and the decision that follows."""
    verdict = VerdictKind(head.verdict)
    _, concern = stands.health
    failed = f"This failed: {concern}. " if head.health == CheckStatus.FAILED else ""
    if failed or verdict is VerdictKind.INVALID:
        return "failed", f"{failed}Nothing follows from such data.", None
    first = f"Look at this first: {concern}." if head.health == CheckStatus.WARNING else ""
    if verdict is VerdictKind.SHIP:
        is_there = any(each.name == head.variation for each in stands.experiment.variations)
        return "ok", first, ConclusionDecision.SHIP if is_there else None
    if verdict is VerdictKind.STOP:
        return "warning", first, ConclusionDecision.KEEP
    if stands.days is not None and stands.days <= 0:
        return "warning", f"The planned end is reached, and it has not told. {first}", ConclusionDecision.INCONCLUSIVE
    return "course", f"Who decides now does so before it has told. {first}", None
