"""The ports, by role: what the stages ask of a store, and what each backend promises.

Common to all:

* Every method may raise ``StoreUnavailableError`` (transient) or ``StoreError``; no driver's error passes.
* Every method is safe to call from several threads.
* ``at`` is the caller's clock. What expires at or before ``at`` is treated as gone, whether or not it is still on disk.
* ``limit`` is from 1 to ``MAX_PAGE``; ``last_key`` is what the page before returned, and anything else raises
  ``InvalidInputError`` for the field ``last_key``. A page is short only when it is the last one.
* In the stores of experiments, flags and definitions, one that breaks a rule of the model as it is stored (it was
  written by hand, or by a newer release) or whose sealed fields do not open holds up no other: a list leaves it out and
  names it in the page's ``unreadable``, where it counts toward ``limit``. ``get`` raises that error, which says which
  one it is: ``InvalidInputError``, or ``DecryptionError`` where it does not open.
* Text is returned as it was given, documents as equal JSON, times to the microsecond.

``variate.testing.conformance`` has one suite for each port; a backend is one that passes it on its real engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar, Unpack

from variate.model import (
    Assignment,
    AssignmentSample,
    AuditEntry,
    Experiment,
    FeatureFlag,
    OutboxMessage,
    Override,
    OverrideTarget,
    Page,
    RateLimit,
)
from variate.model.audit import AuditFilters
from variate.model.layer import Layer
from variate.model.listing import ExperimentFilters, FlagFilters
from variate.model.snapshot import Publication, Snapshot
from variate.stores.audit_chain import AuditChain

D = TypeVar("D")


class ExperimentStore(Protocol):
    """The experiments with their variations: the source of truth.

    Each write puts the experiment, its audit entries and its outbox messages in one transaction: all or none. So it
    does the ``layers`` whose ranges change with the experiment: each goes over the one of its id at the revision before
    its own. If one is at another revision the write raises ``ConflictError``, if one is gone ``NotFoundError``.
    """

    def insert(
        self,
        experiment: Experiment,
        *,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Store a new experiment; raise ``ConflictError`` if its id is taken."""

    def get(self, experiment_id: str) -> Experiment | None:
        """Return the experiment with its variations in the order they were given, or None."""

    def list(
        self, *, limit: int, last_key: str | None = None, **filters: Unpack[ExperimentFilters]
    ) -> Page[Experiment]:
        """Return experiments, most recently created first (then by id), for which all the ``filters`` hold."""

    def replace(
        self,
        experiment: Experiment,
        *,
        expected_revision: int,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Store ``experiment`` over the one of its id, variations included, if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """


class DefinitionStore(Protocol[D]):
    """The definitions of one kind that experiments and flags are made with: audiences, layers, holdouts or metrics.

    The source of truth. Each write puts the definition, its audit entries and its outbox messages in one transaction:
    all or none. An id is one of its kind only.
    """

    def insert(self, definition: D, *, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]) -> None:
        """Store a new definition; raise ``ConflictError`` if its id is taken."""

    def get(self, definition_id: str) -> D | None:
        """Return the definition, or None."""

    def list(self, *, limit: int, last_key: str | None = None) -> Page[D]:
        """Return the definitions in order of id."""

    def replace(
        self, definition: D, *, expected_revision: int, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]
    ) -> None:
        """Store ``definition`` over the one of its id if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """

    def remove(
        self,
        definition_id: str,
        *,
        expected_revision: int,
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Delete the definition if it is at ``expected_revision``; raise as ``replace`` does. Its id is free again."""


class AuditLog(AuditChain, Protocol):
    """What was changed, by whom; append-only, and chained."""

    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        """Store the entries and the outbox messages, all or none; what is there already by id is left as it stands."""

    def get(self, entry_id: str) -> AuditEntry | None:
        """Return the entry of this id, or None."""

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[AuditFilters]) -> Page[AuditEntry]:
        """Return entries, most recent first, for which all the ``filters`` hold."""


class Outbox(Protocol):
    """Changes durable here that have still to reach another store."""

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        """Return up to ``limit`` messages not yet settled, oldest first."""

    def settle(self, message_ids: Sequence[str]) -> None:
        """Forget these messages: they are delivered. Unknown ids are passed over."""


class FlagStore(Protocol):
    """The feature flags. A write and its audit entry are one atomic step, and so is the message it leaves.

    Each write leaves one message in the backend's ``Outbox``, by which whoever serves the flags hears of it: its id and
    time are the entry's, its ``entity_id`` is the flag's. It is of kind ``FLAG_CHANGED`` and empty; where the backend
    does not hold the audit log itself, it is of kind ``audit`` and holds the entry, still to be logged.
    A flag's rules and targeting are together at most ``MAX_DEFINITION_BYTES``: whoever makes it sees to that, and then
    an entry that tells both, before and after, has room too.
    """

    def insert(self, flag: FeatureFlag, *, audit: AuditEntry) -> None:
        """Store a new flag; raise ``ConflictError`` if its id is taken."""

    def get(self, flag_id: str) -> FeatureFlag | None:
        """Return the flag, strongly consistent, or None."""

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[FlagFilters]) -> Page[FeatureFlag]:
        """Return flags, most recently updated first (then by id), for which all the ``filters`` hold."""

    def replace(self, flag: FeatureFlag, *, expected_revision: int, audit: AuditEntry) -> None:
        """Store ``flag`` over the one of its id if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """


class AssignmentStore(Protocol):
    """The ledger: one assignment per unit, experiment and version; the first one stands."""

    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        """Store each unless one stands; return, in the order asked, those that stand.

        One that expired at or before the new one's ``assigned_at`` does not stand: the new one replaces it. Who keep at
        once get back the same one; in a call the first of a unit wins. Durable on return. Safe to repeat.
        """

    def get(self, *, unit: str, experiment_id: str, version: int = 1, at: datetime) -> Assignment | None:
        """Return the assignment that stands, strongly consistent, or None."""

    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        """Return those that stand, by unit, each strongly consistent, in few requests for any number of units."""

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Assignment]:
        """Return the unit's assignments, in order of experiment id and version."""

    def of_experiment(
        self, experiment_id: str, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Assignment]:
        """Return the experiment's assignments of every version, most recent first."""

    def sample(self, experiment_id: str, *, version: int, at: datetime, limit: int, newest: int) -> AssignmentSample:
        """Return at most ``limit`` of the version's assignments by chance, or all, in no promised order.

        They are of the ``newest`` of the experiment, of every version; the sample is cut where there are as many. What
        has expired may take a place of the ``limit``, and then ``total`` is an estimate. No draw knows of the chance.
        """

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many; 0 where the engine expires by itself."""


class OverrideStore(Protocol):
    """Forced variations: one per unit and target, the latest one counts.

    Its lists may show a write a moment late, where an engine reads them from an index that follows its table.
    """

    def put(self, override: Override) -> None:
        """Store it unless one of its id, or a removal, is as new or newer by ``created_at``. Safe to repeat."""

    def remove(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> bool:
        """Remove the override made before ``at`` and return whether there was one.

        An override made before ``at`` that arrives out of order, up to 90 days after that, does not come back.
        """

    def get(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> Override | None:
        """Return the override in force, strongly consistent, or None."""

    def of_target(
        self, *, target: OverrideTarget, target_id: str, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """Return the overrides in force on this target, in order of unit."""

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Override]:
        """Return the overrides in force for this unit, in order of target and target id."""

    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """Return every override in force on targets of this kind, in order of target id and unit."""

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this, a removal after 90 days; return how many, 0 where the engine does it."""


class ServingStore(Protocol):
    """The copy of the experiments that the serving side reads; it follows the source through the outbox."""

    def put(self, experiment: Experiment) -> None:
        """Store it unless the copy is at its revision or a later one. Safe to repeat, in any order."""

    def get(self, experiment_id: str) -> Experiment | None:
        """Return the copy, strongly consistent, or None."""


class SnapshotStore(Protocol):
    """Snapshots by digest, and for each environment the history of which was in force, counted from 1 without a gap.

    A digest or an environment that can be none raises ``InvalidInputError``.
    """

    def put(self, snapshot: Snapshot, *, at: datetime) -> None:
        """Store it under its digest, as used at ``at``. Durable on return. Safe to repeat: the later moment counts.

        One that is there stays or is replaced by this one; one that ``get`` refuses is replaced.
        """

    def get(self, digest: str) -> Snapshot | None:
        """Return the snapshot, strongly consistent, or None.

        Raise ``StoreError`` where what is stored is not whole, or has another digest.
        """

    def append(self, publication: Publication) -> None:
        """Make it the latest of its environment. Its snapshot, and the one in force before, are used at its ``at``.

        Raise ``ConflictError`` unless its sequence is the one after the latest's (1 for the first), ``NotFoundError``
        if its snapshot is not there. However many append at once, one wins. Durable on return.
        """

    def latest(self, environment: str) -> Publication | None:
        """Return the publication in force, strongly consistent, or None."""

    def publications(self, environment: str, *, before: int | None = None, limit: int) -> Sequence[Publication]:
        """Return up to ``limit`` publications, the most recent first, of sequences below ``before``, however great."""

    def purge(self, *, superseded_before: datetime) -> int:
        """Delete the snapshots that are in force nowhere and were last used before this; return how many.

        So they were put before it, and superseded before it wherever they were published. The publications stay. What
        is put or published at this moment or later stays too, also while it is being deleted.
        """


class Cache(Protocol):
    """Short-lived text by key, and the leases by which one caller among many fills a key."""

    def get(self, key: str) -> str | None:
        """Return the value, or None when there is none or it has expired."""

    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        """Store the value for ``ttl_seconds`` (above 0, to the millisecond) and return True.

        A wrapper that goes on without its cache returns False: nothing was stored.
        """

    def delete(self, *keys: str) -> None:
        """Remove the keys and revoke their leases, so that a fill under way does not bring an old value back."""

    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        """Take the right to fill ``key`` and return True, unless another token holds it."""

    def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        """If ``token`` still holds the lease, store the value, give the lease back and return True; else False."""

    def release(self, key: str, token: str) -> None:
        """Give the lease back if ``token`` holds it."""


class RateLimiter(Protocol):
    """Counts calls by key. Each check is one atomic step: of N callers at a limit of M, exactly M pass."""

    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call in the window that the first call opened; a refused call is not counted."""

    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call among those of the last ``window_seconds``; a refused call is not counted."""


class Announcements(Protocol):
    """Short messages to every process that listens now, by channel; fire and forget.

    They say that there is something to look for. What must not be lost stands in a store.
    """

    def announce(self, channel: str, text: str) -> None:
        """Tell whoever listens to ``channel``; nothing is kept for those who do not. It waits for no listener.

        ``channel`` is 1 to 1,024 bytes, ``text`` at most 65,536. If it raises, some may have heard it; where it had to
        try again by itself, some may hear it twice.
        """

    def listen(self, channel: str) -> Subscription:
        """Begin to listen: what is announced after this returned is heard, in the order it was announced in."""


class Subscription(Protocol):
    """What one listener hears. Of several threads that ask it, each message goes to one."""

    def next(self, *, timeout_seconds: float) -> str | None:
        """Return the next message, or None where there is none for that long (0 or above), or once this is closed.

        Raise ``StoreUnavailableError``, then and ever after, once messages may have been missed: the connection was
        lost, or so many wait here that the oldest could not be kept. Listen anew, and look for yourself.
        """

    def close(self) -> None:
        """Stop listening, and wake whoever waits in ``next``. It does not block, and is safe to repeat."""
