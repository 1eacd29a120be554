"""Stores of dicts behind one lock, so simple that they are obviously right: what the suites are tried on.

Here those of definitions; ``reference_records.py`` has those of units and of short-lived things.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol, TypeVar, Unpack

from tests.unit.testing.pages import cut, micros
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import (
    MAX_PAGE,
    AuditEntry,
    Document,
    Experiment,
    FeatureFlag,
    OutboxMessage,
    Page,
)
from variate.model.audit import FLAG_CHANGED, AuditFilters
from variate.model.audit_chain import ChainHead, Link, StoredEntry, Unchained
from variate.model.design_record import design_record
from variate.model.layer import Layer
from variate.model.listing import (
    ExperimentFilters,
    FlagFilters,
    contains,
    experiment_contains,
    flag_says,
    may_name,
)
from variate.model.rules import check_whole


class _Defined(Protocol):
    @property
    def id(self) -> str: ...


D = TypeVar("D", bound=_Defined)


@dataclass
class Memory:
    """What the stores of one backend share."""

    lock: Any = field(default_factory=RLock)
    experiments: dict[str, Experiment] = field(default_factory=dict)
    flags: dict[str, FeatureFlag] = field(default_factory=dict)
    definitions: dict[tuple[str, str], Any] = field(default_factory=dict)
    audit: dict[str, AuditEntry] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    messages: dict[str, OutboxMessage] = field(default_factory=dict)
    spoilt: set[tuple[str, str]] = field(default_factory=set)
    """What breaks a rule as it is stored, by kind and id."""

    def readable(self, kind: str, definition: D) -> D:
        """Return the definition, or raise where it is spoilt."""
        if (kind, definition.id) in self.spoilt:
            raise InvalidInputError(kind, f"{definition.id!r} cannot be read: traffic: must be at most 100")
        return definition

    def page(self, kind: str, page: Page[D]) -> Page[D]:
        """Return the page with the spoilt ones among the unreadable."""
        return Page.read(
            page,
            lambda each: self.readable(kind, each),
            named=lambda each: each.id,
            last_key=page.last_key,
            unreadable=page.unreadable,
        )

    def check_revision(self, kind: str, definition_id: str, expected: int) -> None:
        """Raise where the definition is not there at the revision expected."""
        standing = self.definitions.get((kind, definition_id))
        if standing is None:
            raise NotFoundError(kind, definition_id)
        if standing.revision != expected:
            raise ConflictError("changed")

    def check_layers(self, layers: Sequence[Layer]) -> None:
        """Raise where one of them cannot be stored."""
        for layer in layers:
            self.check_revision("layer", layer.id, layer.revision - 1)

    def note(self, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]) -> None:
        """Store what is not there yet."""
        for entry in audit:
            if entry.id not in self.audit:
                self.audit[entry.id] = entry
                head = ChainHead.at(self.links[-1]) if self.links else ChainHead()
                self.links.append(Link.after(head, StoredEntry.of(entry)))
        for message in outbox:
            self.messages.setdefault(message.id, message)


class ReferenceExperimentStore:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def insert(
        self,
        experiment: Experiment,
        *,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        with self.memory.lock:
            if experiment.id in self.memory.experiments:
                raise ConflictError("taken")
            self.memory.check_layers(layers)
            self.memory.experiments[experiment.id] = experiment
            self.memory.definitions.update({("layer", each.id): each for each in layers})
            self.memory.note(audit, outbox)

    def get(self, experiment_id: str) -> Experiment | None:
        found = self.memory.experiments.get(experiment_id)
        return None if found is None else self.memory.readable("experiment", found)

    def list(
        self, *, limit: int, last_key: str | None = None, **filters: Unpack[ExperimentFilters]
    ) -> Page[Experiment]:
        status, owner, text = filters.get("status"), filters.get("owner"), filters.get("text")
        mentions = filters.get("mentions")
        with self.memory.lock:
            found = [
                each
                for each in self.memory.experiments.values()
                if status in (None, each.status)
                and (owner is None or owner == each.owner)
                and experiment_contains(each, text)
                and (
                    ("experiment", each.id) in self.memory.spoilt
                    or may_name([json.dumps(design_record(each.design), ensure_ascii=False)], mentions)
                )
            ]
        of = ("experiments", status, owner, text, mentions)
        page = cut(found, by=lambda each: (-micros(each.created_at), each.id), of=of, limit=limit, last_key=last_key)
        return self.memory.page("experiment", page)

    def replace(
        self,
        experiment: Experiment,
        *,
        expected_revision: int,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        with self.memory.lock:
            standing = self.memory.experiments.get(experiment.id)
            if standing is None:
                raise NotFoundError("experiment", experiment.id)
            if standing.revision != expected_revision:
                raise ConflictError("changed")
            self.memory.check_layers(layers)
            self.memory.experiments[experiment.id] = experiment
            self.memory.definitions.update({("layer", each.id): each for each in layers})
            self.memory.note(audit, outbox)


class ReferenceDefinitionStore:
    def __init__(self, memory: Memory, kind: str) -> None:
        self.memory = memory
        self.kind = kind

    def insert(self, definition: Any, *, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]) -> None:
        with self.memory.lock:
            if (self.kind, definition.id) in self.memory.definitions:
                raise ConflictError("taken")
            self.memory.definitions[(self.kind, definition.id)] = definition
            self.memory.note(audit, outbox)

    def get(self, definition_id: str) -> Any:
        found = self.memory.definitions.get((self.kind, definition_id))
        return None if found is None else self.memory.readable(self.kind, found)

    def list(self, *, limit: int, last_key: str | None = None) -> Page[Any]:
        with self.memory.lock:
            found = [each for (kind, _), each in self.memory.definitions.items() if kind == self.kind]
        page = cut(found, by=lambda each: (each.id,), of=self.kind, limit=limit, last_key=last_key, width=1)
        return self.memory.page(self.kind, page)

    def replace(
        self, definition: Any, *, expected_revision: int, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]
    ) -> None:
        with self.memory.lock:
            self.memory.check_revision(self.kind, definition.id, expected_revision)
            self.memory.definitions[(self.kind, definition.id)] = definition
            self.memory.note(audit, outbox)

    def remove(
        self,
        definition_id: str,
        *,
        expected_revision: int,
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        with self.memory.lock:
            self.memory.check_revision(self.kind, definition_id, expected_revision)
            del self.memory.definitions[(self.kind, definition_id)]
            self.memory.note(audit, outbox)


class ReferenceAuditLog:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        with self.memory.lock:
            self.memory.note(entries, outbox)

    def get(self, entry_id: str) -> AuditEntry | None:
        with self.memory.lock:
            return self.memory.audit.get(entry_id)

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[AuditFilters]) -> Page[AuditEntry]:
        given = {name: value for name, value in filters.items() if value is not None}
        since, until = filters.get("since"), filters.get("until")
        equal = {name: value for name, value in given.items() if name not in ("since", "until")}
        with self.memory.lock:
            found = [
                each
                for each in self.memory.audit.values()
                if all(getattr(each, name) == value for name, value in equal.items())
                and (since is None or each.created_at >= since)
                and (until is None or each.created_at < until)
            ]
        of = ("audit", *sorted(given.items()))
        return cut(found, by=lambda each: (-micros(each.created_at), each.id), of=of, limit=limit, last_key=last_key)

    def head(self) -> ChainHead:
        with self.memory.lock:
            return ChainHead.at(self.memory.links[-1]) if self.memory.links else ChainHead()

    def chain(self, *, after: int | None, limit: int) -> Sequence[Link]:
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        with self.memory.lock:
            return [each for each in self.memory.links if after is None or each.place > after][:limit]

    def unchained(self, *, limit: int) -> Unchained:
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        return Unchained(count=0, ids=())

    def missing_guards(self) -> Sequence[str]:
        return ()


class ReferenceOutbox:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        with self.memory.lock:
            return sorted(self.memory.messages.values(), key=lambda each: each.created_at)[:limit]

    def settle(self, message_ids: Sequence[str]) -> None:
        with self.memory.lock:
            for message_id in message_ids:
                self.memory.messages.pop(message_id, None)


def flag_message(flag: FeatureFlag, audit: AuditEntry) -> OutboxMessage:
    """The word a write of the flag leaves."""
    return OutboxMessage(
        id=audit.id, kind=FLAG_CHANGED, entity_id=flag.id, document=Document("{}"), created_at=audit.created_at
    )


class ReferenceFlagStore:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def insert(self, flag: FeatureFlag, *, audit: AuditEntry) -> None:
        with self.memory.lock:
            if flag.id in self.memory.flags:
                raise ConflictError("taken")
            self.memory.flags[flag.id] = flag
            self.memory.note([audit], [flag_message(flag, audit)])

    def get(self, flag_id: str) -> FeatureFlag | None:
        found = self.memory.flags.get(flag_id)
        return None if found is None else self.memory.readable("flag", found)

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[FlagFilters]) -> Page[FeatureFlag]:
        status, owner, tag = filters.get("status"), filters.get("owner"), filters.get("tag")
        text, until, mentions = filters.get("text"), filters.get("unchanged_since"), filters.get("mentions")
        with self.memory.lock:
            found = [
                each
                for each in self.memory.flags.values()
                if status in (None, each.status)
                and contains(text, (each.id, each.name, each.description))
                and flag_says(each, owner=owner, tag=tag, mentions=mentions if self._is_read(each) else None)
                and (until is None or each.updated_at <= until)
            ]
        of = ("flags", status, owner, tag, text, mentions)
        page = cut(found, by=lambda each: (-micros(each.updated_at), each.id), of=of, limit=limit, last_key=last_key)
        return self.memory.page("flag", page)

    def _is_read(self, flag: FeatureFlag) -> bool:
        return ("flag", flag.id) not in self.memory.spoilt

    def replace(self, flag: FeatureFlag, *, expected_revision: int, audit: AuditEntry) -> None:
        with self.memory.lock:
            standing = self.memory.flags.get(flag.id)
            if standing is None:
                raise NotFoundError("flag", flag.id)
            if standing.revision != expected_revision:
                raise ConflictError("changed")
            self.memory.flags[flag.id] = flag
            self.memory.note([audit], [flag_message(flag, audit)])


class ReferenceServingStore:
    def __init__(self) -> None:
        self.lock = RLock()
        self.copies: dict[str, Experiment] = {}

    def put(self, experiment: Experiment) -> None:
        with self.lock:
            standing = self.copies.get(experiment.id)
            if standing is None or standing.revision < experiment.revision:
                self.copies[experiment.id] = experiment

    def get(self, experiment_id: str) -> Experiment | None:
        return self.copies.get(experiment_id)
