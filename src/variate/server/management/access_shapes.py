"""Keys, people and who is signed in, as they are sent and answered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from variate.server.management.paging import listed
from variate.server.management.shapes import MOMENT, Given, Told, absent, example

ScopeName = Literal["evaluate", "ingest", "read", "write", "admin"]
RoleName = Literal["viewer", "editor", "admin"]

_KEY = {
    "id": "6f0f2c56-0f3a-4f3e-8b32-9a8f7c6d5e44",
    "name": "checkout service",
    "hint": "vk_Q3x9aB",
    "scopes": ["evaluate", "ingest"],
    "environments": ["prod"],
    "revision": 1,
    "created_at": "2026-11-02T09:00:00.000000Z",
    "created_by": "key:ops",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
    "replaced_by": None,
}
_PERSON = {
    "id": "f4c9a1d2-5a0b-4c3e-9d21-1b2c3d4e5f66",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "role": "editor",
    "disabled": False,
    "has_password": True,
    "subject": None,
    "revision": 1,
    "created_at": "2026-11-02T09:00:00.000000Z",
    "updated_at": "2026-11-02T09:00:00.000000Z",
}


class NewKey(Given):
    """A new key."""

    model_config = example(name="checkout service", scopes=["evaluate", "ingest"], environments=["prod"])

    name: str
    scopes: list[ScopeName]
    environments: list[str] = absent("Where it counts, `*` for all, also those to come; all unless given.")
    expires_at: str | None = absent(f"Until when it counts; until it is revoked unless given. {MOMENT}")


class KeyChange(Given):
    """What is to change."""

    model_config = example(name="checkout service, v2", expires_at=None)

    name: str = absent("Its name.")
    scopes: list[ScopeName] = absent("What it may do.")
    environments: list[str] = absent("Where it counts, `*` for all.")
    expires_at: str | None = absent(f"Until when it counts; null until it is revoked. {MOMENT}")


class Rotation(Given):
    """How long the old key goes on counting."""

    model_config = example(grace_hours=24)

    grace_hours: float = absent("For how many hours; 24 unless given, 0 ends it at once.")


class Key(Told):
    """A key without its secret, of which only a hash is kept."""

    model_config = example(**_KEY)

    id: str
    name: str
    hint: str = Field(description="How its secret begins.")
    scopes: list[ScopeName]
    environments: list[str]
    revision: int
    created_at: str = Field(description=MOMENT)
    created_by: str
    expires_at: str | None = Field(description=MOMENT)
    revoked_at: str | None = Field(description=MOMENT)
    last_used_at: str | None = Field(description="To the minute.")
    replaced_by: str | None = Field(description="The key that took its place when it was rotated.")


class IssuedKey(Key):
    """A new key with its secret, which is shown this once."""

    model_config = example(**_KEY, secret="vk_Q3x9aB0Jr6mC2bY5k1n8Wq4z7T9uVxLpOsDfGhJkZ")  # noqa: S106 - an example

    secret: str = Field(description="What is sent as `Authorization: Bearer SECRET`.")


KeyList = listed(Key, "KeyList")


class NewPerson(Given):
    """Somebody who is to sign in: by the password or, without one, through the OpenID provider."""

    model_config = example(email="ada@example.com", name="Ada Lovelace", role="editor")

    email: str
    name: str = absent("How they are called; the address unless given.")
    role: RoleName
    password: str | None = absent("By which they sign in; null where they do through the OpenID provider.")


class PersonChange(Given):
    """What is to change. All but a new name ends the person's sessions."""

    model_config = example(role="admin")

    name: str = absent("How they are called.")
    role: RoleName = absent("What they may.")
    disabled: bool = absent("True keeps them from signing in.")
    subject: None = absent("Null has the OpenID provider's next sign-in link them anew.")


class PasswordChange(Given):
    """By which password somebody signs in; null takes it away. Either ends their sessions."""

    model_config = example(password="correct horse battery staple")  # noqa: S106 - an example

    password: str | None


class Person(Told):
    """Somebody who signs in."""

    model_config = example(**_PERSON)

    id: str
    email: str
    name: str
    role: RoleName
    disabled: bool
    has_password: bool
    subject: str | None = Field(description="How the OpenID provider calls them.")
    revision: int
    created_at: str = Field(description=MOMENT)
    updated_at: str = Field(description=MOMENT)


PersonList = listed(Person, "PersonList")


class Credentials(Given):
    """Who signs in."""

    model_config = example(email="ada@example.com", password="correct horse battery staple")  # noqa: S106 - an example

    email: str
    password: str


class Me(Told):
    """Who asks, and what they may."""

    model_config = example(
        kind="person",
        id=_PERSON["id"],
        actor="person:ada@example.com",
        scopes=["read", "write"],
        environments=["*"],
        csrf_token="yqzWb2c3Vn7kA0f5",  # noqa: S106 - an example
    )

    kind: Literal["key", "person"]
    id: str
    actor: str = Field(description="Who the audit log names.")
    scopes: list[ScopeName]
    environments: list[str]
    csrf_token: str | None = Field(
        description="Of a session: what `X-CSRF-Token` has to be in each request that is no GET."
    )
