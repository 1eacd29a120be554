"""Keys and people with sensible defaults."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from variate.model.access import EVERYWHERE, ApiKey, Person, Role, Scope
from variate.testing.builders import build_id
from variate.testing.clocks import START


def build_key(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    name: str = "checkout",
    scopes: Iterable[str] = (Scope.EVALUATE,),
    environments: Iterable[str] = (EVERYWHERE,),
    secret_hash: str | None = None,
    hint: str = "vk_hint99",
    created_at: datetime = START,
    created_by: str = "ada",
    revision: int = 1,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
    last_used_at: datetime | None = None,
    replaced_by: str | None = None,
) -> ApiKey:
    """Build a key that may evaluate everywhere; the hash of its secret is like no other's, where none is given."""
    return ApiKey(
        id=build_id("key") if id is None else id,
        name=name,
        scopes=frozenset(map(Scope, scopes)),
        environments=frozenset(environments),
        secret_hash=build_id("hash") if secret_hash is None else secret_hash,
        hint=hint,
        created_at=created_at,
        created_by=created_by,
        revision=revision,
        expires_at=expires_at,
        revoked_at=revoked_at,
        last_used_at=last_used_at,
        replaced_by=replaced_by,
    )


def build_person(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    email: str | None = None,
    name: str = "Ada Lovelace",
    role: str = Role.EDITOR,
    created_at: datetime = START,
    updated_at: datetime | None = None,
    revision: int = 1,
    password_hash: str | None = None,
    subject: str | None = None,
    disabled: bool = False,
    epoch: int = 1,
) -> Person:
    """Build an editor; the e-mail address is like no other's, where none is given."""
    return Person(
        id=build_id("person") if id is None else id,
        email=f"{build_id('ada')}@example.com" if email is None else email,
        name=name,
        role=Role(role),
        created_at=created_at,
        updated_at=created_at if updated_at is None else updated_at,
        revision=revision,
        password_hash=password_hash,
        subject=subject,
        disabled=disabled,
        epoch=epoch,
    )
