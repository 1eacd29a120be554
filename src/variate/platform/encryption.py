"""Field encryption, put around the stores where the settings ask for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from variate.platform.analysing import streaming
from variate.platform.backends import Backends
from variate.settings import Profile, Settings

if TYPE_CHECKING:
    from variate.stores.aggregates import Aggregator


def encrypt(backends: Backends, settings: Settings) -> Backends:
    """Return the backends with every store that holds an encryptable field reading what is sealed.

    What ``settings.encrypted_fields`` names is sealed when written; what was sealed before is opened when read, also
    after the setting is off again. Where no key was ever made and no field is named, the stores stay as they are.
    """
    fields = settings.encrypted_fields
    if (
        not fields
        and not (settings.profile is Profile.AWS and settings.kms_key_id)
        and not os.path.exists(settings.key_file)
    ):
        return backends
    from variate.stores.wrappers import encrypted
    from variate.stores.wrappers.encrypted_definitions import EncryptedDefinitionStore
    from variate.stores.wrappers.encrypted_events import EncryptedEventStore
    from variate.stores.wrappers.encrypted_snapshots import EncryptedSnapshotStore
    from variate.stores.wrappers.sealed_fields import EVENT_DATA
    from variate.stores.wrappers.sealing import EnvelopeCipher, KeyFileDataKeys

    if settings.profile is Profile.AWS and settings.kms_key_id:
        from variate.aws.kms import KmsDataKeys
        from variate.aws.session import AwsSession

        session = AwsSession(endpoint=settings.aws_endpoint, region=settings.aws_region)
        cipher = EnvelopeCipher(KmsDataKeys(lambda: session.kms, settings.kms_key_id))
    else:
        cipher = EnvelopeCipher(KeyFileDataKeys(settings.key_file))
    experiments = encrypted.EncryptedExperimentStore(backends.experiments, cipher, fields)
    events = EncryptedEventStore(backends.events, cipher, fields)
    opened = streaming(events)
    return replace(
        backends,
        experiments=experiments,
        opened=experiments.opened,
        audiences=EncryptedDefinitionStore(backends.audiences, cipher, fields),
        layers=EncryptedDefinitionStore(backends.layers, cipher, fields),
        holdouts=EncryptedDefinitionStore(backends.holdouts, cipher, fields),
        metrics=EncryptedDefinitionStore(backends.metrics, cipher, fields),
        audit=encrypted.EncryptedAuditLog(backends.audit, cipher, fields),
        flags=encrypted.EncryptedFlagStore(backends.flags, cipher, fields),
        overrides=encrypted.EncryptedOverrideStore(backends.overrides, cipher, fields),
        events=events,
        # In the engine what is sealed is no number.
        aggregator=opened if EVENT_DATA in fields else _opened_if_sealed(backends.aggregator, opened),
        serving=encrypted.EncryptedServingStore(backends.serving, cipher, fields),
        snapshots=EncryptedSnapshotStore(backends.snapshots, cipher, fields),
    )


def _opened_if_sealed(engine: Callable[[], Aggregator], opened: Callable[[], Aggregator]) -> Callable[[], Aggregator]:
    """Return what makes an aggregator of events of which some may have been sealed before."""

    def make() -> Aggregator:
        from variate.stores.wrappers.encrypted_aggregates import EncryptedAggregator

        return EncryptedAggregator(engine, opened=opened)

    return make
