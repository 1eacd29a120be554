"""The override that stands where another is about to be put, for the audit log to tell."""

from __future__ import annotations

from datetime import datetime

from variate.errors import StoreError
from variate.model import Override
from variate.stores.ports import OverrideStore


def standing_before(store: OverrideStore, override: Override, *, at: datetime) -> Override | StoreError | None:
    """Return the override in force for the same unit and target, or None; the error where the store cannot say.

    That is no reason to refuse the change: it is durable in another store, and carried to this one when it is back.
    """
    try:
        return store.get(unit=override.unit, target=override.target, target_id=override.target_id, at=at)
    except StoreError as error:
        return error
