"""The management API's application: every resource, and how errors are told."""

from __future__ import annotations

from fastapi import FastAPI

from variate._version import __version__
from variate.platform import Platform
from variate.server.gate import Gate


def management(platform: Platform, *, gate: Gate) -> FastAPI:
    """Return the application that serves ``/api/v1`` over the platform, to whom ``gate`` lets through."""
    application = FastAPI(title="variate", version=__version__, docs_url=None, redoc_url=None)
    application.state.platform = platform
    application.state.gate = gate
    return application
