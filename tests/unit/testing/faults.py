"""Stores with one fault each, all of them seen in the wild."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.unit.testing.pages import cut, micros
from tests.unit.testing.reference import (
    Memory,
    ReferenceAuditLog,
    ReferenceDefinitionStore,
    ReferenceExperimentStore,
    ReferenceFlagStore,
    ReferenceOutbox,
    ReferenceServingStore,
    flag_message,
)
from tests.unit.testing.reference_records import (
    ReferenceAssignmentStore,
    ReferenceCache,
    ReferenceEventStore,
    ReferenceOverrideStore,
    ReferenceRateLimiter,
    alive,
)
from tests.unit.testing.rivals import Rivals
from variate.errors import ConflictError
from variate.model import (
    Assignment,
    AuditEntry,
    Document,
    Event,
    Experiment,
    FeatureFlag,
    OutboxMessage,
    Override,
    OverrideTarget,
    Page,
    RateLimit,
    VerdictStatus,
    override_id,
)
from variate.model.audit_chain import NO_HASH
from variate.model.layer import Layer


class LastWriteWins(ReferenceAssignmentStore):
    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        self.kept.update({each.id: each for each in assignments})
        return assignments


class ReadsThenWrites(ReferenceAssignmentStore):
    def __init__(self) -> None:
        super().__init__()
        self.rivals = Rivals(50)

    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        standing = self.kept.get(assignments[0].id)
        self.rivals.have_looked()
        if standing is None:
            self.kept[assignments[0].id] = assignments[0]
        return [standing or assignments[0]]


class ExpiresLate(ReferenceAssignmentStore):
    def get(self, *, unit: str, experiment_id: str, version: int = 1, at: datetime) -> Assignment | None:
        at -= timedelta(microseconds=1)
        return super().get(unit=unit, experiment_id=experiment_id, version=version, at=at)


class TellsOfManyWhatHasExpired(ReferenceAssignmentStore):
    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        at -= timedelta(microseconds=1)
        return super().get_many(units, experiment_id=experiment_id, version=version, at=at)


class TellsOfManyInAnyVersion(ReferenceAssignmentStore):
    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        of_any = [
            super(TellsOfManyInAnyVersion, self).get_many(units, experiment_id=experiment_id, version=each, at=at)
            for each in (version, 1)
        ]
        return {**of_any[0], **of_any[1]}


class TellsOfTheFirstThousand(ReferenceAssignmentStore):
    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        return super().get_many(units[:1_000], experiment_id=experiment_id, version=version, at=at)


class AnswersInItsOwnOrder(ReferenceAssignmentStore):
    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        return sorted(super().keep(assignments), key=lambda each: each.unit)


class TakesAlikeForOne(ReferenceAssignmentStore):
    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        return super().keep([replace(each, unit=unicodedata.normalize("NFC", each.unit)) for each in assignments])


class OrdersAsALocaleWould(ReferenceAssignmentStore):
    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Assignment]:
        found = [each for each in self.kept.values() if each.unit == unit]
        return cut(
            found, by=lambda each: (each.experiment_id.lower(), each.version), of=unit, limit=limit, last_key=last_key
        )


class PagesByOffset(ReferenceAssignmentStore):
    def of_experiment(
        self, experiment_id: str, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Assignment]:
        start = int(last_key or 0)
        found = sorted(self.kept.values(), key=lambda each: each.assigned_at, reverse=True)
        more = len(found) > start + limit
        return Page(tuple(found[start : start + limit]), str(start + limit) if more else None)


class PagesByTimeAlone(ReferenceAssignmentStore):
    def of_experiment(
        self, experiment_id: str, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Assignment]:
        found = [each for each in self.kept.values() if each.experiment_id == experiment_id]
        return cut(found, by=lambda each: (-micros(each.assigned_at),), of=1, limit=limit, last_key=last_key, width=1)


class TakesTheKeysOfOthers(ReferenceAssignmentStore):
    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Assignment]:
        found = [each for each in self.kept.values() if each.unit == unit]
        return cut(found, by=lambda each: (each.experiment_id, each.version), of="any", limit=limit, last_key=last_key)


class PurgesTooMuch(ReferenceAssignmentStore):
    def purge(self, *, expired_before: datetime) -> int:
        return super().purge(expired_before=expired_before + timedelta(microseconds=1))


class AcceptsTwiceInABatch(ReferenceEventStore):
    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        return [super(AcceptsTwiceInABatch, self).append(events[:1], at=at)[0] for _ in events]


class NeverFreesAnId(ReferenceEventStore):
    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        return super().append(events, at=datetime.min.replace(tzinfo=at.tzinfo))


class StampsWholeSeconds(ReferenceEventStore):
    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        return super().append([replace(each, at=each.at.replace(microsecond=0)) for each in events], at=at)


class MakesFloatsWhole(ReferenceEventStore):
    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        def whole(text: str) -> float:
            return int(float(text)) if float(text).is_integer() else float(text)

        return super().append(
            [
                replace(each, document=Document(json.dumps(json.loads(each.document.text, parse_float=whole))))
                for each in events
            ],
            at=at,
        )


class ForgetsWhoNumbered(ReferenceEventStore):
    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        return super().append([replace(each, sender=None, number=None) for each in events], at=at)


class FiltersAfterItsLimit(ReferenceEventStore):
    def of_unit(
        self,
        unit: str,
        *,
        event_type: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        at: datetime,
        limit: int,
        last_key: str | None = None,
    ) -> Page[Event]:
        page = super().of_unit(unit, start=start, end=end, at=at, limit=limit, last_key=last_key)
        return Page(tuple(each for each in page if event_type in (None, each.event_type)), page.last_key)


class IncludesTheEndOfAWindow(ReferenceEventStore):
    def window(self, *, start: datetime, end: datetime, at: datetime, limit: int, **others: Any) -> Page[Event]:
        end += timedelta(microseconds=1)
        return super().window(start=start, end=end, at=at, limit=limit, **others)


class SortsVariations(ReferenceExperimentStore):
    def get(self, experiment_id: str) -> Experiment | None:
        found = super().get(experiment_id)
        return found and replace(found, variations=tuple(sorted(found.variations, key=lambda each: each.name)))


class NotesBeforeItLooks(ReferenceExperimentStore):
    def replace(
        self,
        experiment: Experiment,
        *,
        expected_revision: int,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        self.memory.note(audit, outbox)
        super().replace(experiment, expected_revision=expected_revision, layers=layers, audit=[], outbox=[])


class LooksThenReplaces(ReferenceExperimentStore):
    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.rivals = Rivals(20)

    def replace(
        self,
        experiment: Experiment,
        *,
        expected_revision: int,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        if self.memory.experiments[experiment.id].revision != expected_revision:
            raise ConflictError("changed")
        self.rivals.have_looked()
        self.memory.experiments[experiment.id] = experiment
        self.memory.note(audit, outbox)


class StoresLayersThenLooks(ReferenceExperimentStore):
    def insert(
        self,
        experiment: Experiment,
        *,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        for layer in layers:
            self.memory.check_layers([layer])
            self.memory.definitions["layer", layer.id] = layer
        super().insert(experiment, audit=audit, outbox=outbox)


class OverwritesLayers(ReferenceExperimentStore):
    def insert(
        self,
        experiment: Experiment,
        *,
        layers: Sequence[Layer] = (),
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        super().insert(experiment, audit=audit, outbox=outbox)
        self.memory.definitions.update({("layer", each.id): each for each in layers})


class ReadsInTwoSteps(ReferenceExperimentStore):
    def get(self, experiment_id: str) -> Experiment | None:
        found = super().get(experiment_id)
        time.sleep(0.001)  # a writer goes on beside it all the while, and tells nobody when
        later = super().get(experiment_id)
        return found and later and replace(found, variations=later.variations)


class LeavesWordOfWhatItRefuses(ReferenceFlagStore):
    def insert(self, flag: FeatureFlag, *, audit: AuditEntry) -> None:
        self.memory.note([], [flag_message(flag, audit)])
        super().insert(flag, audit=audit)


class LeavesNoWord(ReferenceFlagStore):
    def replace(self, flag: FeatureFlag, *, expected_revision: int, audit: AuditEntry) -> None:
        super().replace(flag, expected_revision=expected_revision, audit=audit)
        del self.memory.messages[audit.id]


class LeavesTheRemoved(ReferenceDefinitionStore):
    def remove(
        self,
        definition_id: str,
        *,
        expected_revision: int,
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        self.memory.check_revision(self.kind, definition_id, expected_revision)
        self.memory.note(audit, outbox)


class AltersEntries(ReferenceAuditLog):
    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        self.memory.audit.update({each.id: each for each in entries})


class ForgetsToChain(ReferenceAuditLog):
    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        super().append(entries, outbox=outbox)
        del self.memory.links[1:]


class ChainsToTheFirst(ReferenceAuditLog):
    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        super().append(entries, outbox=outbox)
        self.memory.links = [
            replace(each, hash=each.entry.hash_at(each.place, previous=NO_HASH)) for each in self.memory.links
        ]


class ChainsWhatIsThere(ReferenceAuditLog):
    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        for entry in entries:
            self.memory.audit.pop(entry.id, None)
        super().append(entries, outbox=outbox)


class NewestFirst(ReferenceOutbox):
    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        return sorted(self.memory.messages.values(), key=lambda each: each.created_at, reverse=True)[:limit]


class ForgetsRemovals(ReferenceOverrideStore):
    def remove(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> bool:
        return self.overrides.pop(override_id(target=target, target_id=target_id, unit=unit), None) is not None


class KeepsRemovalsForEver(ReferenceOverrideStore):
    def forget(self, before: datetime) -> int:
        return 0


class TakesWhatArrivesLast(ReferenceOverrideStore):
    def put(self, override: Override) -> None:
        self.overrides[override.id] = override


class ListsEveryKind(ReferenceOverrideStore):
    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        found = self._alive(at)
        return cut(found, by=lambda each: (each.target_id, each.unit), of=target, limit=limit, last_key=last_key)


class OrdersATypeByUnit(ReferenceOverrideStore):
    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        found = [each for each in self._alive(at) if each.target is target]
        return cut(found, by=lambda each: (each.unit, each.target_id), of=target, limit=limit, last_key=last_key)


class PagesByTargetAlone(ReferenceOverrideStore):
    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        found = sorted((each for each in self._alive(at) if each.target is target), key=lambda each: each.unit)
        return cut(found, by=lambda each: (each.target_id,), of=target, limit=limit, last_key=last_key, width=1)


class LeavesTiesAsTheyCome(ReferenceOverrideStore):
    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        start = int(last_key or 0)
        found = sorted(
            (each for each in self._alive(at) if each.target is target), key=lambda each: (each.target_id, each.id)
        )
        more = len(found) > start + limit
        return Page(tuple(found[start : start + limit]), str(start + limit) if more else None)


class ListsWhatExpired(ReferenceOverrideStore):
    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        return super().of_type(target, at=datetime.min.replace(tzinfo=at.tzinfo), limit=limit, last_key=last_key)


class ListsWhatWasRemoved(ReferenceOverrideStore):
    def __init__(self) -> None:
        super().__init__()
        self.ever: dict[str, Override] = {}

    def put(self, override: Override) -> None:
        self.ever[override.id] = override
        super().put(override)

    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        found = [each for each in self.ever.values() if each.target is target and alive(each, at)]
        return cut(found, by=lambda each: (each.target_id, each.unit), of=target, limit=limit, last_key=last_key)


class ServesWhatArrivesLast(ReferenceServingStore):
    def put(self, experiment: Experiment) -> None:
        self.copies[experiment.id] = experiment


class TakesEmptyForNone(ReferenceCache):
    def get(self, key: str) -> str | None:
        return super().get(key) or None


class LeavesLeases(ReferenceCache):
    def delete(self, *keys: str) -> None:
        for key in keys:
            self.values.pop(key, None)


class LeasesToAll(ReferenceCache):
    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        super().release(key, self.leases.get(key, ("", 0.0))[0])
        return super().lease(key, token, ttl_seconds=ttl_seconds)


class NeverExpires(ReferenceCache):
    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        return super().set(key, value, ttl_seconds=max(60.0, ttl_seconds))


class CountsThenAdds(ReferenceRateLimiter):
    def __init__(self) -> None:
        super().__init__()
        self.rivals = Rivals(50)

    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        passed = len(self.passed.get(("fixed", key), []))
        self.rivals.have_looked()
        if passed >= max_requests:
            return RateLimit(allowed=False, count=passed, reset_seconds=window_seconds)
        return super().fixed_window(key, max_requests=1_000, window_seconds=window_seconds)


class ProlongsTheWindow(ReferenceRateLimiter):
    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        answer = super().fixed_window(key, max_requests=max_requests, window_seconds=window_seconds)
        self.passed["fixed", key][0] = time.monotonic()
        return answer


class SlidesByJumps(ReferenceRateLimiter):
    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        self.passed.setdefault(("jumps", key), [])
        key = f"{key}:{int(time.monotonic() / window_seconds * 2)}"
        return self.fixed_window(key, max_requests=max_requests, window_seconds=window_seconds)


class CountsRefusedCalls(ReferenceRateLimiter):
    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        answer = super().sliding_window(key, max_requests=max_requests, window_seconds=window_seconds)
        if not answer.allowed:
            self.passed["sliding", key].append(time.monotonic())
        return answer
