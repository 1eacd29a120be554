"""What `doctor` looks at: each engine, whether it answers, and whether its tables are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from variate.errors import NotMigratedError, VariateError
from variate.platform.backends import Backends

MIGRATE = "run: variate migrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding: ``advice`` says what to do and is empty where all is well."""

    subject: str
    healthy: bool
    detail: str
    advice: str = ""


def examine(backends: Backends) -> Iterator[Check]:
    """Yield a check of each engine behind the ports."""
    for name, engine in backends.engines.items():
        try:
            found = engine.check()
            engine.require_migrated()
        except NotMigratedError as error:
            yield Check(subject=name, healthy=False, detail=str(error), advice=MIGRATE)
        except VariateError as error:
            yield Check(subject=name, healthy=False, detail=str(error), advice=_advice(error))
        else:
            yield Check(subject=name, healthy=True, detail=f"{found} answers, tables up to date")
    for name, ping in backends.hot.pings.items():
        try:
            found = ping()
        except VariateError as error:
            yield Check(subject=name, healthy=False, detail=str(error), advice=_advice(error))
        else:
            yield Check(subject=name, healthy=True, detail=f"{found} answers")


def _advice(error: VariateError) -> str:
    if error.code == "store_unavailable":
        return "see that the server runs and that the address, network rules and credentials are right"
    return "see the message; the settings are listed in docs/reference/settings.md"
