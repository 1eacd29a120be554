"""What was changed, by whom, when, and how it was before; and whether the log stands as it was written."""

from __future__ import annotations

from variate.server.dashboard.audit import log, verification
from variate.server.dashboard.pages import Pages

pages = Pages([*verification.pages.declared, *log.pages.declared])
