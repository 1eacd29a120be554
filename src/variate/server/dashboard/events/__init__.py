"""What units did and met, as it comes in."""

from __future__ import annotations

from variate.server.dashboard.events import tail
from variate.server.dashboard.pages import Pages

pages = Pages([*tail.pages.declared])
