"""The stores with chosen fields sealed.

Each wrapper has the port of the store it wraps. It seals the fields it is told to, and opens whatever is sealed, so the
choice may change at any time: what was written before reads as before. A sealed value is bound to its record and field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Unpack

from variate.model import (
    AuditEntry,
    Document,
    Experiment,
    FeatureFlag,
    OutboxMessage,
    Override,
    OverrideTarget,
    Page,
    Variation,
)
from variate.model.audit import AuditFilters
from variate.model.audit_chain import ChainHead, Link, Unchained
from variate.model.layer import Layer
from variate.model.listing import ExperimentFilters, FlagFilters, experiment_contains, flag_says, folded
from variate.model.reading import read_stored
from variate.stores.ports import AuditLog, ExperimentStore, FlagStore, OverrideStore, ServingStore
from variate.stores.sifting import Sifting
from variate.stores.wrappers.sealed_fields import (
    EXPERIMENT_DESCRIPTION,
    EXPERIMENT_HYPOTHESIS,
    EXPERIMENT_NOTE,
    FLAG_RULES,
    FLAG_TARGETING,
    OVERRIDE_REASON,
    VARIATION_VALUE,
    SealedFields,
)
from variate.stores.wrappers.sealing import FieldCipher


class EncryptedExperimentStore:
    """An ``ExperimentStore`` whose texts, variations' values and audit entries are sealed where chosen."""

    def __init__(self, store: ExperimentStore, cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._sealed = SealedFields(cipher, fields)

    def insert(
        self,
        experiment: Experiment,
        *,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Store a new experiment; raise ``ConflictError`` if its id is taken."""
        self._store.insert(
            _seal_experiment(self._sealed, experiment),
            layers=layers,
            audit=self._sealed.seal_entries(audit),
            outbox=self._sealed.seal_messages(outbox),
        )

    def get(self, experiment_id: str) -> Experiment | None:
        """Return the experiment, opened, or None; raise ``DecryptionError`` naming it where it does not open."""
        found = self._store.get(experiment_id)
        return None if found is None else self.opened(found)

    def opened(self, experiment: Experiment) -> Experiment:
        """Return the experiment with what is sealed in it opened."""
        return read_stored("experiment", experiment.id, lambda: _open_experiment(self._sealed, experiment))

    def list(
        self, *, limit: int, last_key: str | None = None, **filters: Unpack[ExperimentFilters]
    ) -> Page[Experiment]:
        """Return experiments, opened, most recently created first.

        A text is looked for once they are opened, since the store sees no hypothesis that is sealed.
        """
        text = filters.pop("text", None)

        def read(*, limit: int, last_key: str | None) -> Page[Experiment]:
            page = self._store.list(limit=limit, last_key=last_key, **filters)
            return Page.read(
                page, self.opened, named=lambda each: each.id, last_key=page.last_key, unreadable=page.unreadable
            )

        if text is None:
            return read(limit=limit, last_key=last_key)
        listing = Sifting(read, lambda each: experiment_contains(each, text), of=folded(text))
        return listing.page(limit=limit, last_key=last_key)

    def replace(
        self,
        experiment: Experiment,
        *,
        expected_revision: int,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Store ``experiment`` over the one of its id if that is at ``expected_revision``."""
        self._store.replace(
            _seal_experiment(self._sealed, experiment),
            expected_revision=expected_revision,
            layers=layers,
            audit=self._sealed.seal_entries(audit),
            outbox=self._sealed.seal_messages(outbox),
        )


class EncryptedServingStore:
    """A ``ServingStore`` whose texts and variations' values are sealed where chosen."""

    def __init__(self, store: ServingStore, cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._sealed = SealedFields(cipher, fields)

    def put(self, experiment: Experiment) -> None:
        """Store it unless the copy is at its revision or a later one."""
        self._store.put(_seal_experiment(self._sealed, experiment))

    def get(self, experiment_id: str) -> Experiment | None:
        """Return the copy, opened, or None."""
        found = self._store.get(experiment_id)
        return None if found is None else _open_experiment(self._sealed, found)


class EncryptedAuditLog:
    """An ``AuditLog`` whose entries are sealed as a whole where they may tell a sealed field's value."""

    def __init__(self, store: AuditLog, cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._sealed = SealedFields(cipher, fields)

    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        """Store the entries and the outbox messages, all or none."""
        self._store.append(self._sealed.seal_entries(entries), outbox=self._sealed.seal_messages(outbox))

    def get(self, entry_id: str) -> AuditEntry | None:
        """Return the entry of this id, opened, or None."""
        entry = self._store.get(entry_id)
        return None if entry is None else self._sealed.open_entry(entry)

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[AuditFilters]) -> Page[AuditEntry]:
        """Return entries, opened, most recent first, for which all the ``filters`` hold."""
        page = self._store.list(limit=limit, last_key=last_key, **filters)
        return Page(tuple(self._sealed.open_entry(entry) for entry in page.items), page.last_key)

    def head(self) -> ChainHead:
        """Return where the chain of the entries, as they are sealed, ends."""
        return self._store.head()

    def chain(self, *, after: int | None, limit: int) -> Sequence[Link]:
        """Return the entries as they are stored: sealed, for so they were chained. To check them needs no key."""
        return self._store.chain(after=after, limit=limit)

    def unchained(self, *, limit: int) -> Unchained:
        """Return the entries that have no place."""
        return self._store.unchained(limit=limit)

    def missing_guards(self) -> Sequence[str]:
        """Return what should keep entries from being altered, and does not."""
        return self._store.missing_guards()


class EncryptedFlagStore:
    """A ``FlagStore`` whose rules and targeting, and the audit entries that tell them, are sealed where chosen."""

    def __init__(self, store: FlagStore, cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._sealed = SealedFields(cipher, fields)

    def insert(self, flag: FeatureFlag, *, audit: AuditEntry) -> None:
        """Store a new flag; raise ``ConflictError`` if its id is taken."""
        self._store.insert(self._seal(flag), audit=self._sealed.seal_entry(audit))

    def get(self, flag_id: str) -> FeatureFlag | None:
        """Return the flag, opened, or None; raise ``DecryptionError`` naming it where it does not open."""
        found = self._store.get(flag_id)
        return None if found is None else self._open(found)

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[FlagFilters]) -> Page[FeatureFlag]:
        """Return flags, opened, most recently updated first.

        An owner, a tag and what is mentioned are looked for once they are opened, since the store sees neither rules
        nor targeting that are sealed.
        """
        owner, tag, ids = filters.pop("owner", None), filters.pop("tag", None), filters.pop("mentions", None)

        def read(*, limit: int, last_key: str | None) -> Page[FeatureFlag]:
            page = self._store.list(limit=limit, last_key=last_key, **filters)
            return Page.read(
                page, self._open, named=lambda each: each.id, last_key=page.last_key, unreadable=page.unreadable
            )

        if owner is None and tag is None and ids is None:
            return read(limit=limit, last_key=last_key)
        listing = Sifting(read, partial(flag_says, owner=owner, tag=tag, mentions=ids), of=(owner, tag, ids))
        return listing.page(limit=limit, last_key=last_key)

    def replace(self, flag: FeatureFlag, *, expected_revision: int, audit: AuditEntry) -> None:
        """Store ``flag`` over the one of its id if that is at ``expected_revision``."""
        entry = self._sealed.seal_entry(audit)
        self._store.replace(self._seal(flag), expected_revision=expected_revision, audit=entry)

    def _seal(self, flag: FeatureFlag) -> FeatureFlag:
        rules = self._sealed.seal_document(flag.rules, field=FLAG_RULES, place=flag.id)
        targeting = flag.targeting
        if targeting is not None:
            targeting = self._sealed.seal_document(targeting, field=FLAG_TARGETING, place=flag.id)
        return _with_parts(flag, rules, targeting)

    def _open(self, flag: FeatureFlag) -> FeatureFlag:
        return read_stored("flag", flag.id, lambda: self._opened(flag))

    def _opened(self, flag: FeatureFlag) -> FeatureFlag:
        rules = self._sealed.open_document(flag.rules, field=FLAG_RULES, place=flag.id)
        targeting = flag.targeting
        if targeting is not None:
            targeting = self._sealed.open_document(targeting, field=FLAG_TARGETING, place=flag.id)
        return _with_parts(flag, rules, targeting)


class EncryptedOverrideStore:
    """An ``OverrideStore`` whose reasons are sealed where chosen."""

    def __init__(self, store: OverrideStore, cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._sealed = SealedFields(cipher, fields)

    def put(self, override: Override) -> None:
        """Store it unless one of its id, or a removal, is as new or newer."""
        reason = self._sealed.seal_text(override.reason, field=OVERRIDE_REASON, place=override.id)
        self._store.put(override if reason == override.reason else replace(override, reason=reason))

    def remove(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> bool:
        """Remove the override made before ``at`` and return whether there was one."""
        return self._store.remove(unit=unit, target=target, target_id=target_id, at=at)

    def get(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> Override | None:
        """Return the override in force, opened, or None."""
        found = self._store.get(unit=unit, target=target, target_id=target_id, at=at)
        return None if found is None else self._open(found)

    def of_target(
        self, *, target: OverrideTarget, target_id: str, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """Return the overrides in force on this target, opened, in order of unit."""
        return self._opened(
            self._store.of_target(target=target, target_id=target_id, at=at, limit=limit, last_key=last_key)
        )

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Override]:
        """Return the overrides in force for this unit, opened, in order of target and target id."""
        return self._opened(self._store.of_unit(unit, at=at, limit=limit, last_key=last_key))

    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """Return every override in force on targets of this kind, opened, in order of target id and unit."""
        return self._opened(self._store.of_type(target, at=at, limit=limit, last_key=last_key))

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many."""
        return self._store.purge(expired_before=expired_before)

    def _opened(self, page: Page[Override]) -> Page[Override]:
        return Page(tuple(self._open(each) for each in page.items), page.last_key)

    def _open(self, override: Override) -> Override:
        reason = self._sealed.open_text(override.reason, field=OVERRIDE_REASON, place=override.id)
        return override if reason == override.reason else replace(override, reason=reason)


def _seal_experiment(sealed: SealedFields, experiment: Experiment) -> Experiment:
    values = [
        sealed.seal_document(each.value, field=VARIATION_VALUE, place=_place(experiment, each))
        for each in experiment.variations
    ]
    return _with(experiment, partial(sealed.seal_text, place=experiment.id), values)


def _open_experiment(sealed: SealedFields, experiment: Experiment) -> Experiment:
    values = [
        sealed.open_document(each.value, field=VARIATION_VALUE, place=_place(experiment, each))
        for each in experiment.variations
    ]
    return _with(experiment, partial(sealed.open_text, place=experiment.id), values)


def _with_parts(flag: FeatureFlag, rules: Document, targeting: Document | None) -> FeatureFlag:
    """Return the flag with these, or itself where nothing differs."""
    if rules is flag.rules and targeting is flag.targeting:
        return flag
    return replace(flag, rules=rules, targeting=targeting)


def _place(experiment: Experiment, variation: Variation) -> str:
    """The ids may hold any character, so the first one's length tells them apart."""
    return f"{len(experiment.id)}:{experiment.id}:{variation.id}"


def _with(experiment: Experiment, text: Callable[..., str], values: Sequence[Document]) -> Experiment:
    """Return the experiment with these and what ``text`` makes of each text, or itself where nothing differs."""
    description = text(experiment.description, field=EXPERIMENT_DESCRIPTION)
    design, conclusion, variations = experiment.design, experiment.conclusion, experiment.variations
    hypothesis = text(design.hypothesis, field=EXPERIMENT_HYPOTHESIS)
    if hypothesis != design.hypothesis:
        design = replace(design, hypothesis=hypothesis)
    if conclusion is not None:
        note = text(conclusion.note, field=EXPERIMENT_NOTE)
        conclusion = conclusion if note == conclusion.note else replace(conclusion, note=note)
    pairs = list(zip(variations, values, strict=True))
    if any(each.value is not value for each, value in pairs):
        variations = tuple(each if each.value is value else replace(each, value=value) for each, value in pairs)
    parts = ((design, experiment.design), (conclusion, experiment.conclusion), (variations, experiment.variations))
    if description == experiment.description and all(new is old for new, old in parts):
        return experiment
    return replace(experiment, description=description, design=design, conclusion=conclusion, variations=variations)
