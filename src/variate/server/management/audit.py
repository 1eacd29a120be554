"""``/audit``: what was changed, by whom and when, and whether that stands as it was written."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import Field

from variate.definition.verifying import verification_record
from variate.model import parse_instant
from variate.model.audit import AuditFilters
from variate.model.record import audit_record
from variate.server.management.answers import answer
from variate.server.management.asking import Served
from variate.server.management.needs import READS
from variate.server.management.paging import Paged, listed
from variate.server.management.routes import Routes
from variate.server.management.shapes import MOMENT, Given, Told, absent, example
from variate.server.verifying import one_at_a_time


class AuditEntry(Told):
    """One change: what it was of, who made it, and what was before and after."""

    model_config = example(
        id="0192f0c1-6d3a-7c11-8a55-3f1d2c4b5a66",
        entity_type="experiment",
        entity_id="checkout-button",
        action="status_change",
        actor="key:deploy",
        data={"previous_status": "draft", "new_status": "active"},
        created_at="2026-11-02T09:00:00.000000Z",
    )

    id: str
    entity_type: str
    entity_id: str
    action: str
    actor: str = Field(description="`key:NAME`, `person:EMAIL`, or who made it on the command line.")
    data: Any = Field(description="What was before and after, or else what is to be known of it.")
    created_at: str = Field(description=MOMENT)


AuditEntryList = listed(AuditEntry, "AuditEntryList")


class VerificationGiven(Given):
    """What was noted of the log before."""

    model_config = example()

    head: str | None = absent("The `head` of an earlier verification: whether all that was in the log then still is.")


class Break(Told):
    """The first place at which the chain does not hold, and why."""

    place: int | None
    fault: Literal["altered", "missing", "out_of_order", "truncated", "unaccounted", "rewritten"]
    detail: str
    entry_id: str | None


class Unchained(Told):
    """Entries written by hand since the last was appended; the next one takes them in."""

    count: int
    ids: list[str]


class Verification(Told):
    """What came of verifying the audit log."""

    model_config = example(
        whole=True,
        entries=1204,
        head="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        **{"break": None},
        unchained={"count": 0, "ids": []},
        missing_guards=[],
    )

    whole: bool
    entries: int = Field(description="How many entries of the chain were looked at and hold.")
    head: str = Field(description="The hash of the last of these: note it elsewhere, for a later verification.")
    break_: Break | None = Field(alias="break", description="Null where the chain holds.")
    unchained: Unchained
    missing_guards: list[str] = Field(description="What should keep entries from being altered, and is not there.")


routes = Routes("Audit", "What was changed, by whom and when.")

Moment = Annotated[str | None, Query(description=MOMENT, examples=["2026-11-02T09:00:00Z"])]


@routes.get("/audit", needs=READS, answers=AuditEntryList)
def list_audit_entries(
    platform: Served,
    paging: Paged,
    entity_type: Annotated[str | None, Query(description="Such as `experiment`, `flag`, `key`, `snapshot`.")] = None,
    entity_id: Annotated[str | None, Query(description="Only changes of what has this id.")] = None,
    actor: Annotated[str | None, Query(description="Only changes made by this one.", examples=["key:deploy"])] = None,
    action: Annotated[str | None, Query(description="Such as `created`, `updated`, `status_change`.")] = None,
    since: Moment = None,
    until: Moment = None,
) -> Response:
    """List what was changed, most recent first: `since` a moment, and before `until`."""
    filters = AuditFilters(
        entity_type=entity_type,
        entity_id=entity_id,
        actor=actor,
        action=action,
        since=None if since is None else parse_instant("since", since),
        until=None if until is None else parse_instant("until", until),
    )
    return paging.of(lambda **page: platform.audit_log(**page, **filters), audit_record)


@routes.post("/audit/verify", needs=READS, answers=Verification, seconds=math.inf)
def verify_audit_log(body: VerificationGiven, platform: Served) -> Response:
    """Go through the whole audit log and tell whether it stands as it was written. It may take long.

    Each process does so for one at a time, and refuses others with 429.

    Only with the `head` of an earlier verification, noted elsewhere, is it found out if the whole log was made anew.
    """
    with one_at_a_time():
        found = platform.verify_audit_log(head=body.given.get("head"))
    return answer(verification_record(found))
