"""``/flags``: create, read, change, switch on and off, here and everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query, Response

from variate.definition.stale_flags import UNCHANGED_FOR
from variate.errors import InvalidInputError, NotFoundError
from variate.functions.records import explained_record
from variate.model import FeatureFlag, Page, parse_instant
from variate.model.record import flag_record
from variate.platform import Platform
from variate.server.management import conditional
from variate.server.management.answers import answer, defined
from variate.server.management.asking import Actor, Asker, Id, Served
from variate.server.management.conditional import Expected, ExpectedIfGiven, IfNoneMatch, decided_on
from variate.server.management.explanation_shapes import Explanation, ExplanationGiven
from variate.server.management.flag_shapes import (
    EnvironmentStateGiven,
    Flag,
    FlagChange,
    FlagList,
    FlagStatus,
    FlagStatusChange,
    NewFlag,
    Promotion,
)
from variate.server.management.idempotency import FreshId, created_once
from variate.server.management.locations import location
from variate.server.management.needs import CHANGES, CHANGES_ONE, READS, check_may_in
from variate.server.management.paging import Paged, Paging
from variate.server.management.routes import Routes

_UNCHANGED_DAYS = UNCHANGED_FOR.days

routes = Routes("Flags", "What is switched on for whom, and where.")


@routes.get("/flags", needs=READS, answers=FlagList)
def list_flags(
    platform: Served,
    paging: Paged,
    status: Annotated[FlagStatus | None, Query(description="Only those of this status.")] = None,
    owner: Annotated[
        str | None,
        Query(description="Only those whose targeting names this owner.", examples=["ada@example.com"]),
    ] = None,
    tag: Annotated[
        str | None, Query(description="Only those whose targeting has this tag.", examples=["checkout"])
    ] = None,
    text: Annotated[
        str | None,
        Query(
            description="Only those whose id, name or description contains this, however it writes the letters A to Z.",
            examples=["checkout"],
        ),
    ] = None,
    stale: Annotated[
        bool,
        Query(
            description="True for those only that have done their work: switched off, the same for everybody, or "
            "behind an experiment that is over. Each says why, in `stale`."
        ),
    ] = False,
    unchanged_days: Annotated[
        int | None,
        Query(
            ge=1, le=36_500, description=f"For how many days nobody changed stale ones: {_UNCHANGED_DAYS} if not given."
        ),
    ] = None,
) -> Response:
    """List the flags, most recently updated first."""
    filters: dict[str, Any] = {"status": status, "owner": owner, "tag": tag, "text": text}
    if stale:
        return _stale(platform, paging, unchanged_days or _UNCHANGED_DAYS, filters)
    if unchanged_days is not None:
        raise InvalidInputError("unchanged_days", "goes with stale=true only")

    def read(**page: Any) -> Any:
        return platform.list_feature_flags(**filters, **page)

    return paging.of(read, flag_record)


def _stale(platform: Platform, paging: Paging, unchanged_days: int, filters: Mapping[str, Any]) -> Response:
    reasons: dict[str, str] = {}

    def read(**page: Any) -> Page[FeatureFlag]:
        found = platform.list_stale_flags(unchanged_days=unchanged_days, **filters, **page)
        reasons.update(platform.stale_reasons(found, unchanged_days=unchanged_days))
        return found

    return paging.of(read, lambda flag: {**flag_record(flag), "stale": reasons.get(flag.id)})


@routes.post("/flags", needs=CHANGES, answers=Flag, status=201)
def create_flag(body: NewFlag, platform: Served, actor: Actor, fresh: FreshId) -> Response:
    """Create a flag.

    With any member of targeting (`type`, `variations`, `default` and the like) it is evaluated by its rules. Without
    any, its rules are any JSON of your own, which is only kept.
    """
    given = body.given
    made = created_once(
        given.pop("id", None),
        fresh,
        create=lambda chosen: platform.create_feature_flag(**given, flag_id=chosen, actor=actor),
        read=platform.get_feature_flag,
    )
    return defined(flag_record(made), status=201, location=location("flags", made.id))


@routes.get("/flags/{flag_id}", needs=READS, answers=Flag)
def get_flag(flag_id: Id, platform: Served, if_none_match: IfNoneMatch = None) -> Response:
    """Read a flag."""
    return conditional.read(flag_record(found(platform, flag_id)), if_none_match)


@routes.patch("/flags/{flag_id}", needs=CHANGES, answers=Flag)
def update_flag(flag_id: Id, body: FlagChange, platform: Served, actor: Actor, expected: Expected) -> Response:
    """Change what is given, everywhere.

    What is different in one environment is changed at `.../environments/{environment}`.
    """
    with decided_on(expected):
        after = platform.update_feature_flag(flag_id, **body.given, expected_revision=expected, actor=actor)
    return defined(flag_record(after))


@routes.post("/flags/{flag_id}/status", needs=CHANGES, answers=Flag)
def move_flag(
    flag_id: Id, body: FlagStatusChange, platform: Served, actor: Actor, expected: ExpectedIfGiven
) -> Response:
    """Take a flag into use or out of it, everywhere."""
    with decided_on(expected):
        after = platform.update_feature_flag_status(flag_id, body.status, expected_revision=expected, actor=actor)
    return defined(flag_record(after))


@routes.post("/flags/{flag_id}/archive", needs=CHANGES, answers=Flag)
def archive_flag(flag_id: Id, platform: Served, actor: Actor, expected: ExpectedIfGiven) -> Response:
    """Archive a flag: it is kept, and gives nothing any more."""
    with decided_on(expected):
        after = platform.update_feature_flag_status(flag_id, "archived", expected_revision=expected, actor=actor)
    return defined(flag_record(after))


@routes.patch("/flags/{flag_id}/environments/{environment}", needs=CHANGES_ONE, answers=Flag)
def update_flag_environment(
    flag_id: Id,
    environment: Annotated[str, Path(description="The environment.", examples=["dev"])],
    body: EnvironmentStateGiven,
    platform: Served,
    asker: Asker,
    expected: Expected,
) -> Response:
    """Change what is given of the flag in one environment. A key for that environment is enough."""
    check_may_in(asker, environment)
    with decided_on(expected):
        after = platform.update_flag_environment(
            flag_id, environment, **body.given, expected_revision=expected, actor=asker.actor
        )
    return defined(flag_record(after))


@routes.post("/flags/{flag_id}/promote", needs=CHANGES_ONE, answers=Flag)
def promote_flag(flag_id: Id, body: Promotion, platform: Served, asker: Asker, expected: ExpectedIfGiven) -> Response:
    """Make the flag in one environment as it is in another. A key for the environment that changes is enough."""
    check_may_in(asker, body.target)
    with decided_on(expected):
        after = platform.promote_feature_flag(
            flag_id, source=body.source, target=body.target, expected_revision=expected, actor=asker.actor
        )
    return defined(flag_record(after))


@routes.post("/flags/{flag_id}/explain", needs=READS, answers=Explanation)
def explain_flag(flag_id: Id, body: ExplanationGiven, platform: Served) -> Response:
    """Explain what a unit gets from the flag, rung by rung, now or at a moment before."""
    moment = None if body.given.get("at") is None else parse_instant("at", body.at)
    explained = platform.explain_flag(body.unit, flag_id, body.given.get("attributes"), at=moment)
    return answer(explained_record(explained))


def found(platform: Platform, flag_id: str) -> FeatureFlag:
    """Return the flag; raise ``NotFoundError`` for none."""
    flag = platform.get_feature_flag(flag_id)
    if flag is None:
        raise NotFoundError("flag", flag_id)
    return flag
