"""Publications and snapshots as they are sent and answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from variate.server.management.paging import listed
from variate.server.management.shapes import MOMENT, Given, Told, absent, example

_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_PUBLICATION: dict[str, Any] = {
    "environment": "dev",
    "sequence": 12,
    "digest": _DIGEST,
    "kind": "publish",
    "actor": "key:deploy",
    "reason": "",
    "at": "2026-11-02T09:00:00.000000Z",
}
_PROBLEM = {
    "kind": "flag",
    "id": "new-checkout",
    "error": "default: names no variation",
    "served": "as it was before",
}


class PublishGiven(Given):
    """Where to bring the definitions as they are now into force, and why."""

    model_config = example(environment="dev", reason="the rollback is over")

    environment: str = absent("The environment; the service's own unless given.")
    reason: str = absent("Why, for whoever wonders later.")


class RollbackGiven(Given):
    """To which publication to go back, and why."""

    model_config = example(to=1, reason="the new checkout loses carts")

    to: int | str = Field(description="The sequence of a publication, or the digest of a snapshot.")
    environment: str = absent("The environment; the service's own unless given.")
    reason: str = absent("Why, for whoever wonders later.")


class Publication(Told):
    """From a moment on, a snapshot was in force in an environment, until the next publication."""

    model_config = example(**_PUBLICATION)

    environment: str
    sequence: int = Field(description="Counts from 1 without a gap.")
    digest: str = Field(description="The snapshot's.")
    kind: Literal["publish", "rollback"]
    actor: str
    reason: str
    at: str = Field(description=MOMENT)


PublicationList = listed(Publication, "PublicationList")


class DefinitionProblem(Told):
    """A definition that cannot be served as it stands."""

    kind: str
    id: str
    error: str
    served: str = Field(description="What is served instead.")


class Problems(Told):
    """The definitions that cannot be served as they stand."""

    model_config = example(items=[_PROBLEM])

    items: list[DefinitionProblem]


class Published(Publication):
    """What is in force, and what was held back from it."""

    model_config = example(**_PUBLICATION, held=False, problems=[])

    held: bool = Field(description="Whether a rollback keeps changes from being served.")
    problems: list[DefinitionProblem]


class Serving(Told):
    """What the process that answers decides from."""

    model_config = example(
        environment="dev",
        sequence=12,
        digest=_DIGEST,
        kind="publish",
        published_at="2026-11-02T09:00:00.000000Z",
        loaded_at="2026-11-02T09:00:00.120000Z",
        age_seconds=0.8,
        error=None,
    )

    environment: str
    sequence: int
    digest: str
    kind: Literal["publish", "rollback"]
    published_at: str = Field(description=MOMENT)
    loaded_at: str = Field(description=MOMENT)
    age_seconds: float = Field(description="Since it was last seen to be the one in force.")
    error: str | None = Field(description="Why it cannot be seen at present, if it cannot.")


class Snapshot(Told):
    """All that decisions are made from: immutable, named by its digest."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"examples": [{"format": 1, "experiments": {}, "flags": {}, "audiences": {}}]},
    )

    format: int
    experiments: dict[str, Any]
    flags: dict[str, Any]
    audiences: dict[str, Any]
