"""What `doctor` looks at: each engine, whether it answers, and whether its tables are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from variate.errors import NotMigratedError, VariateError
from variate.platform.backends import Backends
from variate.stores.health import Migratable

MIGRATE = "run: variate migrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding: ``advice`` says what to do and is empty where all is well."""

    subject: str
    healthy: bool
    detail: str
    advice: str = ""


def probes_of(backends: Backends) -> dict[str, Callable[[], Check]]:
    """Return what looks at each engine behind the ports, by its name. What is wrong is in the check: none raises."""
    return {
        **{name: partial(_examine_engine, name, engine) for name, engine in backends.engines.items()},
        **{name: partial(_ask, name, ping) for name, ping in backends.hot.pings.items()},
    }


def _examine_engine(name: str, engine: Migratable) -> Check:
    try:
        found = engine.check()
        engine.require_migrated()
    except NotMigratedError as error:
        return Check(subject=name, healthy=False, detail=str(error), advice=MIGRATE)
    except VariateError as error:
        return Check(subject=name, healthy=False, detail=str(error), advice=_advice(error))
    return Check(subject=name, healthy=True, detail=f"{found} answers, tables up to date")


def _ask(name: str, ping: Callable[[], str]) -> Check:
    try:
        found = ping()
    except VariateError as error:
        return Check(subject=name, healthy=False, detail=str(error), advice=_advice(error))
    return Check(subject=name, healthy=True, detail=f"{found} answers")


def _advice(error: VariateError) -> str:
    if error.code == "store_unavailable":
        return "see that the server runs and that the address, network rules and credentials are right"
    return "see the message; the settings are listed in docs/reference/settings.md"
