"""What shows a secret is done once for a form, however often that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from variate.server.dashboard.visit import Visit
from variate.server.management.idempotency import KEPT, held_as
from variate.server.refusal import Refusal
from variate.stores.access import Reply

_DONE = Reply(status=201, headers={}, body=b"")


@contextmanager
def once(visit: Visit) -> Iterator[None]:
    """Do what is in the block once for the form's ``new_id``; raise ``Refusal`` where it was done, or is being done."""
    held = held_as(visit.principal, f"dashboard {visit.form.new_id}")
    replies = visit.platform.replies
    claim = replies.claim(held, visit.path, at=visit.now, expires_at=visit.now + KEPT)
    if claim.token is None:
        raise Refusal(
            409,
            "secret_shown_before",
            "this was done when the form was sent before, and its secret was shown then: if that is lost, revoke the "
            "key and create another",
        )
    try:
        yield
    except BaseException:
        replies.release(held, claim.token)
        raise
    replies.settle(held, claim.token, _DONE)
