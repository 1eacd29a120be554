"""The sealing wrappers keep the promises of the ports they wrap, here on SQLite: with every field sealed, and none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.engines.databases import spoiling
from variate.errors import InvalidInputError
from variate.model.audience import Audience
from variate.model.layer import Layer
from variate.settings import ENCRYPTABLE_FIELDS
from variate.stores.events import EventStore
from variate.stores.ports import (
    AuditLog,
    DefinitionStore,
    ExperimentStore,
    FlagStore,
    Outbox,
    OverrideStore,
    ServingStore,
    SnapshotStore,
)
from variate.stores.sql import (
    AUDIENCES,
    LAYERS,
    SqlAuditLog,
    SqlDefinitionStore,
    SqlEventStore,
    SqlExperimentStore,
    SqlFlagStore,
    SQLiteDatabase,
    SqlOutbox,
    SqlOverrideStore,
    SqlServingStore,
    SqlSnapshotStore,
)
from variate.stores.wrappers.encrypted import (
    EncryptedAuditLog,
    EncryptedExperimentStore,
    EncryptedFlagStore,
    EncryptedOverrideStore,
    EncryptedServingStore,
)
from variate.stores.wrappers.encrypted_definitions import EncryptedDefinitionStore
from variate.stores.wrappers.encrypted_events import EncryptedEventStore
from variate.stores.wrappers.encrypted_snapshots import EncryptedSnapshotStore
from variate.stores.wrappers.sealing import EnvelopeCipher, FieldCipher, KeyFileDataKeys
from variate.testing.builders import build_audience
from variate.testing.conformance import (
    AuditLogConformance,
    DefinitionStoreConformance,
    EventStoreConformance,
    ExperimentStoreConformance,
    FlagStoreConformance,
    LayerClaimsConformance,
    OverrideStoreConformance,
    ServingStoreConformance,
    SnapshotStoreConformance,
)
from variate.testing.conformance.definitions import Build
from variate.testing.conformance.flags import AuditTrail, trail_of_log
from variate.testing.conformance.unreadable import Spoil

Fields = frozenset[str]


def refusal(field: str, fields: Fields) -> AbstractContextManager[object]:
    """Expect ``field`` to be refused where anything is sealed, and nothing else."""
    return pytest.raises(InvalidInputError, match=f"^{field}: .*once sealed") if fields else nullcontext()


@pytest.fixture
def cipher(tmp_path: Path) -> FieldCipher:
    return EnvelopeCipher(KeyFileDataKeys(tmp_path / "field-key"))


@pytest.fixture(params=[ENCRYPTABLE_FIELDS, frozenset()], ids=["all sealed", "none sealed"])
def fields(request: pytest.FixtureRequest) -> Fields:
    found: Fields = request.param
    return found


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    database = SQLiteDatabase(tmp_path / "variate.db")
    database.migrate()
    yield database
    database.close()


class OfFields:
    """Lets a test of the suite know what is sealed."""

    fields: Fields

    @pytest.fixture(autouse=True)
    def _know_what_is_sealed(self, fields: Fields) -> None:
        self.fields = fields


class LogAndOutbox:
    """Goes before a suite, whose own fixtures of these names only say what to provide."""

    @pytest.fixture
    def audit_log(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> AuditLog:
        return EncryptedAuditLog(SqlAuditLog(database), cipher, fields)

    @pytest.fixture
    def outbox(self, database: SQLiteDatabase) -> Outbox:
        return SqlOutbox(database)


# Sealing takes a third more room, so the very greatest documents have none left. They are refused by name, and in full.


class TestEncryptedExperimentStore(LogAndOutbox, ExperimentStoreConformance):
    @pytest.fixture
    def spoil(self, database: SQLiteDatabase) -> Spoil:
        return spoiling(database, "experiments")

    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> ExperimentStore:
        return EncryptedExperimentStore(SqlExperimentStore(database), cipher, fields)


class TestEncryptedDefinitionStore(LogAndOutbox, DefinitionStoreConformance):
    @pytest.fixture
    def spoil(self, database: SQLiteDatabase) -> Spoil:
        return spoiling(database, "definitions")

    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> DefinitionStore[Audience]:
        return EncryptedDefinitionStore(SqlDefinitionStore(database, AUDIENCES), cipher, fields)

    @pytest.fixture
    def build(self) -> Build:
        return build_audience


class TestEncryptedLayerClaims(LogAndOutbox, LayerClaimsConformance):
    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> ExperimentStore:
        return EncryptedExperimentStore(SqlExperimentStore(database), cipher, fields)

    @pytest.fixture
    def layers(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> DefinitionStore[Layer]:
        return EncryptedDefinitionStore(SqlDefinitionStore(database, LAYERS), cipher, fields)


class TestEncryptedAuditLog(OfFields, LogAndOutbox, AuditLogConformance):
    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> AuditLog:
        return EncryptedAuditLog(SqlAuditLog(database), cipher, fields)

    def test_the_greatest_entry_there_can_be_is_held(self, store: AuditLog) -> None:
        with refusal("audit.data", self.fields):
            super().test_the_greatest_entry_there_can_be_is_held(store)
        assert bool(store.list(limit=10)) is not bool(self.fields)


class TestEncryptedFlagStore(LogAndOutbox, FlagStoreConformance):
    @pytest.fixture
    def spoil(self, database: SQLiteDatabase) -> Spoil:
        return spoiling(database, "feature_flags")

    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> FlagStore:
        return EncryptedFlagStore(SqlFlagStore(database), cipher, fields)

    @pytest.fixture
    def audit_trail(self, audit_log: AuditLog) -> AuditTrail:
        return trail_of_log(audit_log)


class TestEncryptedOverrideStore(OverrideStoreConformance):
    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> OverrideStore:
        return EncryptedOverrideStore(SqlOverrideStore(database), cipher, fields)


class TestEncryptedEventStore(OfFields, EventStoreConformance):
    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> EventStore:
        return EncryptedEventStore(SqlEventStore(database), cipher, fields)

    def test_the_greatest_event_there_can_be_is_held(self, store: EventStore) -> None:
        with refusal("event.data", self.fields):
            super().test_the_greatest_event_there_can_be_is_held(store)


class TestEncryptedServingStore(ServingStoreConformance):
    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> ServingStore:
        return EncryptedServingStore(SqlServingStore(database), cipher, fields)


class TestEncryptedSnapshotStore(SnapshotStoreConformance):
    @pytest.fixture
    def spoil(self, database: SQLiteDatabase) -> Spoil:
        return spoiling(database, "snapshots")

    @pytest.fixture
    def store(self, database: SQLiteDatabase, cipher: FieldCipher, fields: Fields) -> SnapshotStore:
        return EncryptedSnapshotStore(SqlSnapshotStore(database), cipher, fields)
