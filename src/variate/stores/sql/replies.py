"""What was answered to requests with an ``Idempotency-Key``, in SQL."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from variate.model.rules import check_id
from variate.stores.access import CLAIM_LASTS, Claim, Reply
from variate.stores.sql.access_schema import replies
from variate.stores.sql.database import Database
from variate.stores.sql.purging import purge_expired
from variate.stores.sql.records import document_of


class SqlReplyStore:
    """See ``ReplyStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, key: str, fingerprint: str, *, at: datetime, expires_at: datetime) -> Claim:
        """Take the key unless it is taken, and return what stands.

        It is free, too, where what stands has expired, or was claimed or renewed over a minute before ``at`` and not
        settled.
        """
        token = secrets.token_urlsafe()
        mine = {
            "fingerprint": fingerprint,
            "token": token,
            "claimed_at": at,
            "expires_at": expires_at,
            "status": None,
            "headers": None,
            "body": None,
        }
        is_free = or_(
            replies.c.expires_at <= at,
            and_(replies.c.status.is_(None), replies.c.claimed_at < at - CLAIM_LASTS),
        )
        take = (
            self._database.insert(replies)
            .values(key=check_id("key", key), **mine)
            .on_conflict_do_update(index_elements=["key"], set_=mine, where=is_free)
        )
        here = select(replies).where(replies.c.key == key)

        def work(connection: Connection) -> Claim:
            connection.execute(take)
            return _claim(connection.execute(here).one(), token)

        # Done again, it finds its own token: it has the claim then, too.
        return self._database.write(work)

    def renew(self, key: str, token: str, *, at: datetime) -> bool:
        """Count the minute of an unsettled claim from ``at`` on; False if the claim of this token stands no longer."""
        statement = (
            update(replies)
            .where(replies.c.key == key, replies.c.token == token, replies.c.status.is_(None))
            .values(claimed_at=at)
        )
        return self._database.write(lambda connection: connection.execute(statement).rowcount == 1)

    def settle(self, key: str, token: str, reply: Reply) -> bool:
        """Keep the reply for whoever claims the key again; False if the claim of this token stands no longer."""
        statement = (
            update(replies)
            .where(replies.c.key == key, replies.c.token == token)
            .values(status=reply.status, headers=document_of(dict(reply.headers)), body=reply.body)
        )
        return self._database.write(lambda connection: connection.execute(statement).rowcount == 1)

    def release(self, key: str, token: str) -> None:
        """Give the key back unanswered if the claim of this token still stands: the next one may try."""
        statement = delete(replies).where(replies.c.key == key, replies.c.token == token, replies.c.status.is_(None))
        self._database.write(lambda connection: connection.execute(statement))

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many."""
        return purge_expired(self._database, replies, ("key",), expired_before=expired_before)


def _claim(row: Row[Any], token: str) -> Claim:
    reply = None
    if row.status is not None:
        reply = Reply(status=row.status, headers=row.headers.value, body=bytes(row.body))
    return Claim(fingerprint=row.fingerprint, token=token if row.token == token else None, reply=reply)
