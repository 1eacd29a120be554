"""Every error variate raises, on one screen.

    VariateError
    ├── InvalidInputError (ValueError)     a value breaks a rule; names the field and the rule
    │   ├── IllegalTransitionError         a status that cannot follow the present one
    │   └── LastAdminError                 nobody would be left who administers
    ├── NotFoundError (LookupError, ValueError)
    ├── ConflictError                      somebody else changed it first, or the id is taken
    ├── AccessError                        who asks may not do this
    │   ├── UnauthenticatedError           nobody known: no key, a wrong, expired or revoked one, no session
    │   └── ForbiddenError                 somebody known, without the scope or for another environment
    ├── LimitExceededError                 too many calls; says how long to wait
    ├── ConfigurationError                 a setting is missing or wrong
    │   ├── MissingExtraError              a driver is not installed
    │   └── NotMigratedError               the tables are not there, or are of another version
    ├── ProviderUnavailableError           the OpenID provider cannot be asked, or answers what it should not
    ├── DecryptionError                    a sealed field cannot be opened
    └── StoreError                         an engine failed; the driver's error is its ``__cause__``
        └── StoreUnavailableError          ... and the same call may work if tried again

Each class has a stable ``code`` for programs; each message ends with what the caller can do.
``NotFoundError`` is also a ``ValueError`` because callers of ``transfer_experiment_ownership`` catch that.
"""

from __future__ import annotations

from typing import ClassVar


class VariateError(Exception):
    """Base of every error variate raises."""

    code: ClassVar[str] = "variate"


class InvalidInputError(VariateError, ValueError):
    """``field`` breaks ``rule``. Nothing was written."""

    code = "invalid_input"

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule

    def __reduce__(self) -> tuple[type[InvalidInputError], tuple[str, str]]:
        return type(self), (self.field, self.rule)


class IllegalTransitionError(InvalidInputError):
    """The status asked for cannot follow the present one. Nothing was written."""

    code = "illegal_transition"


class LastAdminError(InvalidInputError):
    """Nobody would be left who may sign in and administer. Nothing was written: make somebody else an admin first."""

    code = "last_admin"

    def __init__(self, email: str) -> None:
        super().__init__("person", f"{email!r} is the last one who administers: make somebody else an admin first")
        self.email = email

    def __reduce__(self) -> tuple[type[LastAdminError], tuple[str]]:  # type: ignore[override] # made of less
        return type(self), (self.email,)


class NotFoundError(VariateError, LookupError, ValueError):
    """There is no ``entity`` with this ``entity_id``. Nothing was written."""

    code = "not_found"

    def __init__(self, entity: str, entity_id: str) -> None:
        super().__init__(f"{entity} {entity_id!r} not found")
        self.entity = entity
        self.entity_id = entity_id

    def __reduce__(self) -> tuple[type[NotFoundError], tuple[str, str]]:
        return type(self), (self.entity, self.entity_id)


class ConflictError(VariateError):
    """Another writer was first. Read again, decide again, and write again."""

    code = "conflict"


class AccessError(VariateError):
    """Who asks may not do this. Nothing was read or written."""

    code = "access"


class UnauthenticatedError(AccessError):
    """Who asks is not known: the key or session is missing, wrong, expired or revoked. Sign in, or take another key."""

    code = "unauthenticated"


class ForbiddenError(AccessError):
    """Who asks is known and may not do this. Ask for a key or a role that may."""

    code = "forbidden"


class LimitExceededError(VariateError):
    """There were too many calls. Try again after ``retry_after_seconds``."""

    code = "limit_exceeded"

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds

    def __reduce__(self) -> tuple[type[LimitExceededError], tuple[str, float]]:
        return type(self), (str(self), self.retry_after_seconds)


class ConfigurationError(VariateError):
    """A setting is missing or wrong; the message names it."""

    code = "configuration"


class MissingExtraError(ConfigurationError):
    """The package ``package`` is not installed; ``pip install 'variate[extra]'`` brings it."""

    code = "missing_extra"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: run pip install 'variate[{extra}]'")
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return type(self), (self.package, self.extra)


class NotMigratedError(ConfigurationError):
    """The tables are missing or of another version: run ``variate migrate``."""

    code = "not_migrated"


class ProviderUnavailableError(VariateError):
    """The OpenID provider cannot be reached, or answers what it should not. Sign in by password, or try again later."""

    code = "provider_unavailable"


class DecryptionError(VariateError):
    """A sealed field was changed, moved to another record, or its key is not at hand."""

    code = "decryption"


class StoreError(VariateError):
    """An engine refused or failed; see ``__cause__``."""

    code = "store"


class StoreUnavailableError(StoreError):
    """An engine cannot be reached or is overloaded. Transient: try again later."""

    code = "store_unavailable"
