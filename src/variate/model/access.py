"""Who may ask: scopes, the roles of people, API keys and people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from variate.errors import ForbiddenError, InvalidInputError
from variate.model.instant import check_instant
from variate.model.rules import check_choice, check_id, check_name, check_text, check_whole
from variate.model.snapshot import check_environment

MAX_KEY_NAME_BYTES = 256
"""So that the audit log can name who asks by it."""

EVERYWHERE = "*"
"""What stands for every environment, those to come included."""


class Scope(StrEnum):
    """What a key or a role may do."""

    EVALUATE = "evaluate"
    """Ask for decisions. It shows values, never rules: a key of this scope alone may stand in a browser."""
    INGEST = "ingest"
    """Send events and exposures."""
    READ = "read"
    """Read definitions, snapshots, reports and the audit log."""
    WRITE = "write"
    """Change definitions and overrides; includes ``read``."""
    ADMIN = "admin"
    """Everything, keys and people included."""


_INCLUDES = {
    Scope.WRITE: frozenset({Scope.WRITE, Scope.READ}),
    Scope.ADMIN: frozenset(Scope),
}


class Role(StrEnum):
    """What a person is."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the role may do."""
        return _OF_ROLE[self]


_OF_ROLE = {
    Role.VIEWER: frozenset({Scope.READ}),
    Role.EDITOR: frozenset({Scope.READ, Scope.WRITE}),
    Role.ADMIN: frozenset(Scope),
}


def granted(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return the scopes with those that they include."""
    return frozenset(each for scope in scopes for each in _INCLUDES.get(scope, frozenset({scope})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks, once it is known. ``actor`` is who the audit log names: ``key:NAME`` or ``person:EMAIL``.

    ``scopes`` holds those that are included, too.
    """

    kind: str
    id: str
    actor: str
    scopes: frozenset[Scope]
    environments: frozenset[str]

    def may(self, scope: Scope) -> bool:
        """Whether this one has the scope."""
        return scope in self.scopes

    def may_in(self, environment: str) -> bool:
        """Whether what this one may, it may in this environment."""
        return EVERYWHERE in self.environments or environment in self.environments

    def need(self, scope: Scope) -> None:
        """Raise ``ForbiddenError`` unless this one has the scope."""
        if not self.may(scope):
            held = ", ".join(sorted(self.scopes))
            raise ForbiddenError(f"this needs the scope {scope.value!r}; {self.actor} has {held}")

    def need_environment(self, environment: str) -> None:
        """Raise ``ForbiddenError`` unless what this one may, it may in this environment."""
        if not self.may_in(environment):
            raise ForbiddenError(f"this is the environment {environment!r}; {self.actor} is for {self._held}")

    def need_everywhere(self) -> None:
        """Raise ``ForbiddenError`` unless this one is for all environments: for what they share, before it changes."""
        if EVERYWHERE not in self.environments:
            raise ForbiddenError(
                f"this would change what all environments share; {self.actor} is for {self._held} alone: "
                "take a key for all environments"
            )

    @property
    def _held(self) -> str:
        return ", ".join(sorted(self.environments))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret: that is shown once, and only its SHA-256 is kept. ``hint`` is the secret's first part.

    It counts until ``expires_at`` or ``revoked_at``; ``last_used_at`` is to the minute. One that was rotated names in
    ``replaced_by`` the key that took its place.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    environments: frozenset[str]
    secret_hash: str = field(repr=False)
    hint: str
    created_at: datetime
    created_by: str
    revision: int = 1
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaced_by: str | None = None

    def __post_init__(self) -> None:
        check_id("id", self.id)
        check_text("name", check_name("name", self.name), max_bytes=MAX_KEY_NAME_BYTES)
        check_name("created_by", self.created_by)
        object.__setattr__(self, "scopes", check_scopes("scopes", self.scopes))
        object.__setattr__(self, "environments", check_environments("environments", self.environments))
        if self.replaced_by is not None:
            check_id("replaced_by", self.replaced_by)
        check_whole("revision", self.revision, minimum=1, maximum=2**53)
        for name in ("created_at", "expires_at", "revoked_at", "last_used_at"):
            moment = getattr(self, name)
            if moment is not None:
                object.__setattr__(self, name, check_instant(name, moment))

    def counts_at(self, at: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return (self.revoked_at is None or at < self.revoked_at) and (self.expires_at is None or at < self.expires_at)

    @property
    def principal(self) -> Principal:
        """Whoever asks with this key."""
        return Principal(
            kind="key",
            id=self.id,
            actor=f"key:{self.name}",
            scopes=granted(self.scopes),
            environments=self.environments,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signs in: by ``password_hash`` (argon2), or by ``subject`` at the OpenID provider, or either.

    ``subject`` names the provider, too. ``disabled`` people cannot sign in. Sessions count as long as the ``epoch`` is
    the one they began in: whatever is to end them moves it on.
    """

    id: str
    email: str
    name: str
    role: Role
    created_at: datetime
    updated_at: datetime
    revision: int = 1
    password_hash: str | None = field(default=None, repr=False)
    subject: str | None = None
    disabled: bool = False
    epoch: int = 1

    def __post_init__(self) -> None:
        check_id("id", self.id)
        object.__setattr__(self, "email", check_email("email", self.email))
        check_name("name", self.name)
        if self.subject is not None:
            check_id("subject", self.subject)
        object.__setattr__(self, "role", check_choice("role", self.role, Role))
        if not isinstance(self.disabled, bool):
            raise InvalidInputError("disabled", "must be true or false")
        check_whole("revision", self.revision, minimum=1, maximum=2**53)
        check_whole("epoch", self.epoch, minimum=1, maximum=2**53)
        for name in ("created_at", "updated_at"):
            object.__setattr__(self, name, check_instant(name, getattr(self, name)))

    @property
    def administers(self) -> bool:
        """Whether this one may sign in and administer."""
        return self.role is Role.ADMIN and not self.disabled

    @property
    def principal(self) -> Principal:
        """The person, asking."""
        return Principal(
            kind="person",
            id=self.id,
            actor=f"person:{self.email}",
            scopes=self.role.scopes,
            environments=frozenset({EVERYWHERE}),
        )


def check_scopes(field: str, given: object) -> frozenset[Scope]:
    """Return the scopes; raise ``InvalidInputError`` for none or an unknown one."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidInputError(field, "must be a list of scopes")
    scopes = frozenset(check_choice(field, each, Scope) for each in given)
    if not scopes:
        raise InvalidInputError(field, "must name at least one scope")
    return scopes


def check_environments(field: str, given: object) -> frozenset[str]:
    """Return the environments, where ``*`` is every one; raise ``InvalidInputError`` for none or one that is none."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidInputError(field, "must be a list of environments")
    names = frozenset(each if each == EVERYWHERE else check_environment(field, each) for each in given)
    if not names:
        raise InvalidInputError(field, f"must name at least one environment, or {EVERYWHERE!r} for all")
    return names


def check_email(field: str, given: object) -> str:
    """Return the address in lower case, as people are told apart by it."""
    address = check_text(field, given, max_bytes=320).strip().lower()
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or any(each.isspace() or ord(each) < 32 for each in address):
        raise InvalidInputError(field, "must be an e-mail address, as in ada@example.com")
    return address
