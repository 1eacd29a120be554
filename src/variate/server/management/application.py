"""The management API's application: every resource, and how errors are told."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI

from variate._version import __version__
from variate.clock import utc_now
from variate.platform import Platform
from variate.server.gate import Gate
from variate.server.management import (
    audiences,
    audit,
    experiment_views,
    flags,
    holdouts,
    keys,
    layers,
    metrics,
    openapi,
    overrides,
    people,
    problems,
    reports,
    sign_in,
    snapshots,
)
from variate.server.management.admission import Admission
from variate.server.management.idempotency import Idempotency
from variate.server.management.locations import PREFIX
from variate.server.management.managed_route import Site
from variate.server.management.routes import mount

RESOURCES = (
    experiment_views.routes,
    flags.routes,
    audiences.routes,
    layers.routes,
    holdouts.routes,
    metrics.routes,
    overrides.routes,
    reports.routes,
    snapshots.routes,
    audit.routes,
    keys.routes,
    people.routes,
    sign_in.routes,
)


def management(platform: Platform, *, gate: Gate) -> FastAPI:
    """Return the application that serves ``/api/v1`` over the platform, to whom ``gate`` lets through."""
    application = FastAPI(
        title="variate",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        redirect_slashes=False,
    )
    application.state.platform = platform
    site = Site(
        admission=Admission(gate=gate, sessions=platform.sessions, settings=platform.settings.service),
        idempotency=Idempotency(replies=platform.replies, clock=utc_now),
        settings=platform.settings.service,
    )
    mount(application, RESOURCES, site)
    problems.catch(application, platform.settings.service)
    application.openapi = partial(openapi.document, application)  # type: ignore[method-assign]  # as FastAPI has it
    return application
