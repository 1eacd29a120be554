"""Keys and people as plain dicts that JSON can hold: for answers and the audit log, so without anything secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from variate.model.access import ApiKey, Person
from variate.model.instant import format_instant

Record = dict[str, Any]


def key_record(key: ApiKey) -> Record:
    """Return the key as a dict, without the hash of its secret."""
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scopes": sorted(key.scopes),
        "environments": sorted(key.environments),
        "revision": key.revision,
        "created_at": format_instant(key.created_at),
        "created_by": key.created_by,
        "expires_at": _instant(key.expires_at),
        "revoked_at": _instant(key.revoked_at),
        "last_used_at": _instant(key.last_used_at),
        "replaced_by": key.replaced_by,
    }


def person_record(person: Person) -> Record:
    """Return the person as a dict, without the hash of the password."""
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "role": person.role.value,
        "disabled": person.disabled,
        "has_password": person.password_hash is not None,
        "subject": person.subject,
        "revision": person.revision,
        "created_at": format_instant(person.created_at),
        "updated_at": format_instant(person.updated_at),
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else format_instant(moment)
