"""Verifying the audit log: going through all of it, as far as there is time for a page."""

from __future__ import annotations

import time

from starlette.responses import Response

from variate.rendering.audit_words import Tone, verification_words
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import READS
from variate.server.refusal import Refusal
from variate.server.verifying import one_at_a_time

pages = Pages()

SECONDS = 50.0
"""What waits between us and a browser often waits no longer than a minute."""
_TO_END_SECONDS = 5.0
"""So much longer stores may take: the time is over at the end of a part, and not for a store in the middle of one."""


@pages.get("/audit/verify")
def ask_to_verify(visit: Visit) -> Response:
    """Show the form."""
    return visit.page("audit/verify.html.j2", found=None)


@pages.post("/audit/verify", needs=READS, again=ask_to_verify, seconds=SECONDS + _TO_END_SECONDS)
def verify(visit: Visit) -> Response:
    """Say what was verified, and show the head to note; raise ``Refusal`` where there is too much for a page."""
    until = time.monotonic() + SECONDS

    def go_on(_: str, done: int, length: int) -> None:
        if time.monotonic() >= until:
            raise Refusal(
                503,
                "too_long",
                f"{done:,} of {length:,} entries were looked at and stand as they were written; there is no time for "
                "more on a page: run `variate audit verify` on the machine that serves, which has all the time",
            )

    with one_at_a_time():
        found = visit.platform.verify_audit_log(head=visit.form.text("head") or None, advance=go_on)
    return visit.page("audit/verify.html.j2", found=found, sentences=[*verification_words(found)], tones=Tone)
