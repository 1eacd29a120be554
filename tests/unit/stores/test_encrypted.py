"""What the stores behind the sealing wrappers hold, and what opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.testing.reference import (
    Memory,
    ReferenceAuditLog,
    ReferenceExperimentStore,
    ReferenceFlagStore,
    ReferenceServingStore,
)
from tests.unit.testing.reference_records import ReferenceEventStore, ReferenceOverrideStore
from variate.errors import DecryptionError, InvalidInputError
from variate.model import Document, Event, ExperimentStatus, Json, OverrideTarget
from variate.model.design import Design
from variate.model.record import (
    audit_from_record,
    audit_record,
    experiment_record,
    flag_record,
    override_from_record,
)
from variate.model.record import override_record as override_as_record
from variate.stores.wrappers.encrypted import (
    EncryptedAuditLog,
    EncryptedExperimentStore,
    EncryptedFlagStore,
    EncryptedOverrideStore,
    EncryptedServingStore,
)
from variate.stores.wrappers.encrypted_events import EncryptedEventStore
from variate.stores.wrappers.sealing import EnvelopeCipher, KeyFileDataKeys
from variate.testing.builders import (
    build_audit_entry,
    build_event,
    build_experiment,
    build_flag,
    build_outbox_message,
    build_override,
    build_variation,
)
from variate.testing.clocks import START
from variate.testing.conformance.samples import CONCLUSION

SECRET = "rosebud"
NOTHING: frozenset[str] = frozenset()


class NoCipher:
    """Fails a test in which anything is sealed or opened."""

    def seal(self, plaintext: bytes, *, context: str) -> str:
        raise AssertionError(context)

    def open(self, sealed: str, *, context: str) -> bytes:
        raise AssertionError(context)


@pytest.fixture
def cipher(tmp_path: Path) -> EnvelopeCipher:
    return EnvelopeCipher(KeyFileDataKeys(tmp_path / "field-key"))


@pytest.fixture
def memory() -> Memory:
    return Memory()


def document(value: Json) -> Document:
    return Document.of(value, field="data")


class TestEvents:
    FIELDS = frozenset({"event.data"})

    @pytest.fixture
    def inner(self) -> ReferenceEventStore:
        return ReferenceEventStore()

    @pytest.fixture
    def store(self, inner: ReferenceEventStore, cipher: EnvelopeCipher) -> EncryptedEventStore:
        return EncryptedEventStore(inner, cipher, self.FIELDS)

    def held(self, store: ReferenceEventStore | EncryptedEventStore) -> list[Event]:
        return [*store.of_unit("unit", at=START, limit=10)]

    def test_the_store_holds_no_plaintext_and_the_reader_gets_it_all(
        self, store: EncryptedEventStore, inner: ReferenceEventStore
    ) -> None:
        event = build_event(data={"note": SECRET})
        store.append([event], at=START)
        assert SECRET not in repr(self.held(inner))
        assert self.held(inner)[0].data.keys() == {"$sealed"}
        assert self.held(store) == [event]
        assert [*store.window(start=START, end=START + timedelta(1), at=START, limit=10)] == [event]

    def test_what_was_sealed_opens_with_the_setting_off_and_what_was_plain_reads_with_it_on(
        self, store: EncryptedEventStore, inner: ReferenceEventStore, cipher: EnvelopeCipher
    ) -> None:
        off = EncryptedEventStore(inner, cipher, NOTHING)
        store.append([build_event("1", data={"n": 1})], at=START)
        off.append([build_event("2", data={"n": 2})], at=START)
        assert '{"n":2}' in repr(self.held(inner))
        for reader in (store, off):
            assert sorted(each.data["n"] for each in self.held(reader)) == [1, 2]

    def test_a_sealed_value_does_not_open_in_another_record(
        self, store: EncryptedEventStore, inner: ReferenceEventStore
    ) -> None:
        store.append([build_event("1", data={"note": SECRET})], at=START)
        moved = replace(self.held(inner)[0], id="2", unit="attacker")
        inner.append([moved], at=START)
        with pytest.raises(DecryptionError, match="moved here"):
            store.of_unit("attacker", at=START, limit=10)

    @pytest.mark.parametrize("fields", [FIELDS, NOTHING], ids=["sealed", "plain"])
    @pytest.mark.parametrize(
        "data",
        [
            {"$sealed": "text"},
            {"$sealed": "1.AAAA.AAAA"},
            {"$sealed": {"plain": 1}},
            {"$sealed": {"$sealed": {"plain": None}}},
            {"$sealed": None},
            {"$sealed": 1, "more": 2},
            {"$sealed": "1.AAAA.AAAA", "more": 2},
            "$sealed:text",
            None,
            [],
        ],
        ids=repr,
    )
    def test_data_that_look_sealed_come_back_as_they_were(
        self, inner: ReferenceEventStore, cipher: EnvelopeCipher, fields: frozenset[str], data: Json
    ) -> None:
        store = EncryptedEventStore(inner, cipher, fields)
        event = replace(build_event(), document=document(data))
        store.append([event], at=START)
        assert self.held(store)[0].data == data

    @pytest.mark.parametrize("data", [{"$sealed": "text"}, {"$sealed": 1}, {"$sealed": "1.AAAA.AAAA", "more": 2}])
    def test_data_written_past_the_wrapper_that_cannot_be_sealed_are_plain(
        self, store: EncryptedEventStore, inner: ReferenceEventStore, data: Json
    ) -> None:
        inner.append([replace(build_event(), document=document(data))], at=START)
        assert self.held(store)[0].data == data

    def test_data_whose_layout_a_store_changed_open_too(
        self, store: EncryptedEventStore, inner: ReferenceEventStore
    ) -> None:
        store.append([build_event("1", data={"n": 1})], at=START)
        sealed = self.held(inner)[0]
        inner.events = {"1": replace(sealed, document=Document(sealed.document.text.replace(":", " : ", 1)))}
        assert self.held(store)[0].data == {"n": 1}

    def test_data_too_long_once_sealed_are_refused_by_name(
        self, store: EncryptedEventStore, inner: ReferenceEventStore
    ) -> None:
        with pytest.raises(InvalidInputError, match=r"event\.data: must be at most 390000 bytes once sealed"):
            store.append([build_event(data="x" * 300_000)], at=START)
        assert self.held(inner) == []
        store.append([build_event(data="x" * 290_000)], at=START)

    def test_where_nothing_is_chosen_and_nothing_sealed_no_key_is_touched(self, inner: ReferenceEventStore) -> None:
        store = EncryptedEventStore(inner, NoCipher(), frozenset({"flag.rules"}))
        event = build_event(data={"note": SECRET})
        store.append([event], at=START)
        assert self.held(store)[0].document is event.document


class TestExperiments:
    @pytest.mark.parametrize(
        ("field", "sealed"),
        [("experiment.description", ["description", "hypothesis"]), ("variation.value", ["value"])],
    )
    def test_what_is_chosen_is_sealed_and_the_rest_is_not(
        self, memory: Memory, cipher: EnvelopeCipher, field: str, sealed: list[str]
    ) -> None:
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, frozenset({field}))
        experiment = build_experiment(
            "e",
            description="description rosebud",
            design=Design(hypothesis="hypothesis rosebud"),
            variations=[build_variation("control", description="of control", value={"value": SECRET})],
        )
        entry = build_audit_entry(entity_id="e", data={"experiment": experiment_record(experiment)})
        store.insert(experiment, audit=[entry], outbox=[])
        assert store.get("e") == experiment
        assert [*store.list(limit=10)] == [experiment]
        held = memory.experiments["e"]
        assert ("rosebud" in held.description) is ("description" not in sealed)
        assert ("rosebud" in held.design.hypothesis) is ("hypothesis" not in sealed)
        assert (SECRET in held.variations[0].value.text) is ("value" not in sealed)
        assert held.variations[0].description == "of control"
        assert SECRET not in repr(memory.audit)
        log = EncryptedAuditLog(ReferenceAuditLog(memory), cipher, NOTHING)
        assert [*log.list(limit=10)] == [entry]

    def test_a_replacement_and_its_audit_are_sealed_too(self, memory: Memory, cipher: EnvelopeCipher) -> None:
        fields = frozenset({"experiment.description"})
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, fields)
        experiment = build_experiment("e", description="harmless")
        store.insert(experiment, audit=[], outbox=[])
        changed = replace(experiment, description=SECRET, revision=2)
        entry = build_audit_entry(data={"after": SECRET})
        store.replace(changed, expected_revision=1, audit=[entry], outbox=[])
        assert store.get("e") == changed
        assert SECRET not in repr(memory)

    def test_the_note_of_a_conclusion_is_sealed_with_the_description(
        self, memory: Memory, cipher: EnvelopeCipher
    ) -> None:
        fields = frozenset({"experiment.description"})
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, fields)
        completed = build_experiment("e", status=ExperimentStatus.COMPLETED)
        concluded = replace(completed, conclusion=replace(CONCLUSION, note=SECRET))
        store.insert(concluded, audit=[], outbox=[])
        assert SECRET not in repr(memory)
        assert store.get("e") == concluded

    def test_a_hypothesis_and_a_description_cannot_be_exchanged(self, memory: Memory, cipher: EnvelopeCipher) -> None:
        fields = frozenset({"experiment.description"})
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, fields)
        written = build_experiment("e", description="what", design=Design(hypothesis="why"))
        store.insert(written, audit=[], outbox=[])
        held = memory.experiments["e"]
        memory.experiments["e"] = replace(held, description=held.design.hypothesis)
        with pytest.raises(DecryptionError):
            store.get("e")

    def test_a_hypothesis_that_was_not_sealed_is_read_as_it_is(self, memory: Memory, cipher: EnvelopeCipher) -> None:
        store = EncryptedExperimentStore(
            ReferenceExperimentStore(memory), cipher, frozenset({"experiment.description"})
        )
        memory.experiments["e"] = written = build_experiment("e", design=Design(hypothesis="why"))
        assert store.get("e") == written

    def test_the_values_of_two_variations_cannot_be_exchanged(self, memory: Memory, cipher: EnvelopeCipher) -> None:
        fields = frozenset({"variation.value"})
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, fields)
        variations = [build_variation("a", id="1", value={"n": 1}), build_variation("b", id="2", value={"n": 2})]
        store.insert(build_experiment("e", variations=variations), audit=[], outbox=[])
        held = memory.experiments["e"]
        first, second = held.variations
        exchanged = (replace(first, value=second.value), replace(second, value=first.value))
        memory.experiments["e"] = replace(held, variations=exchanged)
        with pytest.raises(DecryptionError):
            store.get("e")

    def test_the_longest_description_is_kept(self, memory: Memory, cipher: EnvelopeCipher) -> None:
        fields = frozenset({"experiment.description"})
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, fields)
        experiment = build_experiment("e", description="é" * 25_000, design=Design(hypothesis="é" * 25_000))
        store.insert(experiment, audit=[], outbox=[])
        assert store.get("e") == experiment

    @pytest.mark.parametrize("description", ["$sealed:text", "$sealed:plain:", "$sealed:1.AAAA.AAAA", "$sealed", ""])
    @pytest.mark.parametrize("fields", [{"experiment.description"}, set()], ids=["sealed", "plain"])
    def test_a_description_that_looks_sealed_comes_back_as_it_was(
        self, memory: Memory, cipher: EnvelopeCipher, fields: set[str], description: str
    ) -> None:
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, fields)
        written = build_experiment("e", description=description, design=Design(hypothesis=description))
        store.insert(written, audit=[], outbox=[])
        assert store.get("e") == written

    def test_where_nothing_is_chosen_the_store_gets_the_very_values(self, memory: Memory) -> None:
        store = EncryptedExperimentStore(ReferenceExperimentStore(memory), NoCipher(), NOTHING)
        experiment, entry, message = build_experiment("e"), build_audit_entry("a"), build_outbox_message("m")
        store.insert(experiment, audit=[entry], outbox=[message])
        assert memory.experiments["e"] is experiment
        assert memory.audit["a"] is entry
        assert memory.messages["m"] is message
        assert store.get("e") is experiment

    def test_the_serving_copy_is_sealed_alike(self, cipher: EnvelopeCipher) -> None:
        inner = ReferenceServingStore()
        fields = frozenset({"experiment.description", "variation.value"})
        store = EncryptedServingStore(inner, cipher, fields)
        variations = [build_variation(value=SECRET)]
        experiment = build_experiment("e", description=SECRET, design=Design(hypothesis=SECRET), variations=variations)
        store.put(experiment)
        assert SECRET not in repr(inner.get("e"))
        assert store.get("e") == experiment


class TestFlags:
    def test_rules_and_the_entries_that_tell_them_are_sealed(self, memory: Memory, cipher: EnvelopeCipher) -> None:
        store = EncryptedFlagStore(ReferenceFlagStore(memory), cipher, frozenset({"flag.rules"}))
        flag = build_flag("f", rules={"segment": SECRET})
        store.insert(flag, audit=build_audit_entry(entity_type="flag", data={"flag": SECRET}))
        changed = replace(flag, rules=document({"segment": SECRET, "n": 2}), revision=2)
        store.replace(changed, expected_revision=1, audit=build_audit_entry(entity_type="flag", data=SECRET))
        assert SECRET not in repr(memory)
        assert store.get("f") == changed
        assert [*store.list(limit=10)] == [changed]

    def test_targeting_is_sealed_with_the_rules(self, memory: Memory, cipher: EnvelopeCipher) -> None:
        store = EncryptedFlagStore(ReferenceFlagStore(memory), cipher, frozenset({"flag.rules"}))
        flag = build_flag("f", rules=[SECRET], targeting={"environments": {"production": SECRET}})
        entry = build_audit_entry(entity_type="flag", data={"flag": flag_record(flag)})
        store.insert(flag, audit=entry)
        assert SECRET not in repr(memory)
        assert store.get("f") == flag
        changed = replace(flag, targeting=document({"off": SECRET}), revision=2)
        store.replace(changed, expected_revision=1, audit=build_audit_entry(entity_type="flag", data=SECRET))
        assert SECRET not in repr(memory)
        assert [*store.list(limit=10)] == [changed]

    @pytest.mark.parametrize("of_another", [False, True], ids=["of its rules", "of another flag"])
    def test_what_is_sealed_does_not_open_as_targeting_elsewhere(
        self, memory: Memory, cipher: EnvelopeCipher, of_another: bool
    ) -> None:
        store = EncryptedFlagStore(ReferenceFlagStore(memory), cipher, frozenset({"flag.rules"}))
        for each in ("f", "g"):
            store.insert(build_flag(each, targeting={"off": each}), audit=build_audit_entry())
        held = memory.flags["f"]
        memory.flags["f"] = replace(held, targeting=memory.flags["g"].targeting if of_another else held.rules)
        with pytest.raises(DecryptionError):
            store.get("f")

    def test_where_rules_are_not_chosen_targeting_stays_readable(self, memory: Memory) -> None:
        store = EncryptedFlagStore(ReferenceFlagStore(memory), NoCipher(), frozenset({"variation.value"}))
        flag = build_flag("f", targeting={"off": "a"})
        store.insert(flag, audit=build_audit_entry(entity_type="flag"))
        assert memory.flags["f"] is flag
        assert store.get("f") is flag

    def test_entries_that_cannot_tell_a_sealed_field_stay_readable(
        self, memory: Memory, cipher: EnvelopeCipher
    ) -> None:
        log = EncryptedAuditLog(ReferenceAuditLog(memory), cipher, frozenset({"flag.rules"}))
        log.append([build_audit_entry("e", entity_type="experiment", data=SECRET)])
        log.append([build_audit_entry("f", entity_type="flag", data=SECRET)])
        log.append([build_audit_entry("?", entity_type="of a later release", data=SECRET)])
        assert {key for key, entry in memory.audit.items() if SECRET in repr(entry)} == {"e"}
        assert {entry.data for entry in log.list(limit=10)} == {SECRET}

    def test_an_entry_that_was_sealed_on_its_way_is_not_sealed_twice(
        self, memory: Memory, cipher: EnvelopeCipher
    ) -> None:
        """DynamoDB holds a flag's audit entry in its outbox, sealed; the relay brings it to the audit log."""
        fields = frozenset({"flag.rules"})
        entry = build_audit_entry("a", entity_type="flag", data={"rules": SECRET})
        EncryptedFlagStore(ReferenceFlagStore(memory), cipher, fields).insert(build_flag(), audit=entry)
        carried = audit_from_record(audit_record(memory.audit.pop("a")))
        for fields_by_then in (fields, NOTHING):
            log = EncryptedAuditLog(ReferenceAuditLog(memory), cipher, fields_by_then)
            log.append([carried])
            assert SECRET not in repr(memory)
            assert [*log.list(limit=10)] == [entry]
            memory.audit.clear()


class TestOverrides:
    FIELDS = frozenset({"override.reason"})

    @pytest.fixture
    def inner(self) -> ReferenceOverrideStore:
        return ReferenceOverrideStore()

    @pytest.fixture
    def store(self, inner: ReferenceOverrideStore, cipher: EnvelopeCipher) -> EncryptedOverrideStore:
        return EncryptedOverrideStore(inner, cipher, self.FIELDS)

    def test_the_reason_is_sealed_and_every_way_of_reading_opens_it(
        self, store: EncryptedOverrideStore, inner: ReferenceOverrideStore
    ) -> None:
        override = build_override("ada", reason=SECRET)
        store.put(override)
        assert SECRET not in repr(list(inner.of_unit("ada", at=START, limit=10)))
        target, target_id = OverrideTarget.EXPERIMENT, "experiment"
        assert store.get(unit="ada", target=target, target_id=target_id, at=START) == override
        assert [*store.of_unit("ada", at=START, limit=10)] == [override]
        assert [*store.of_target(target=target, target_id=target_id, at=START, limit=10)] == [override]
        assert [*store.of_type(target, at=START, limit=10)] == [override]

    def test_an_override_travels_sealed_through_the_outbox_and_arrives(
        self, store: EncryptedOverrideStore, memory: Memory, cipher: EnvelopeCipher
    ) -> None:
        override = build_override("ada", reason=SECRET)
        message = build_outbox_message("m", kind="override_put", data=override_as_record(override))
        removal = build_outbox_message("r", kind="override_removed", data={"user_id": "ada", "type": "experiment"})
        experiments = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, self.FIELDS)
        experiments.insert(build_experiment(), audit=[build_audit_entry(data=SECRET)], outbox=[message, removal])
        log = EncryptedAuditLog(ReferenceAuditLog(memory), cipher, self.FIELDS)
        log.append([build_audit_entry(data=SECRET)], outbox=[replace(message, id="n")])
        assert SECRET not in repr(memory)
        assert memory.messages["r"] is removal
        for delivery in ("m", "n"):
            store.put(override_from_record(memory.messages[delivery].document.value))
            assert [*store.of_unit("ada", at=START, limit=10)] == [override]

    @pytest.mark.parametrize("target", ["experiment", "flag"])
    def test_the_audit_entry_that_tells_the_reason_is_sealed(
        self, memory: Memory, cipher: EnvelopeCipher, target: str
    ) -> None:
        log = EncryptedAuditLog(ReferenceAuditLog(memory), cipher, self.FIELDS)
        entry = build_audit_entry(entity_type=target, action="override_added", data={"reason": SECRET})
        log.append([entry])
        assert SECRET not in repr(memory)
        assert [*log.list(limit=10)] == [entry]

    def test_an_empty_reason_stays_empty(self, inner: ReferenceOverrideStore) -> None:
        store = EncryptedOverrideStore(inner, NoCipher(), self.FIELDS)
        override = build_override("ada")
        store.put(override)
        assert [*store.of_unit("ada", at=START, limit=10)] == [override]

    def test_removing_and_purging_go_through(self, store: EncryptedOverrideStore) -> None:
        override = build_override("ada", reason=SECRET, expires_at=START + timedelta(1))
        store.put(override)
        later = START + timedelta(seconds=1)
        assert store.remove(unit="ada", target=override.target, target_id=override.target_id, at=later)
        store.purge(expired_before=START)
        assert [*store.of_unit("ada", at=later, limit=10)] == []
