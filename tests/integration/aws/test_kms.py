"""Data keys from KMS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from variate.aws.kms import KmsDataKeys
from variate.errors import ConfigurationError, DecryptionError, StoreUnavailableError
from variate.stores.wrappers.sealing import EnvelopeCipher

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

Connect = Callable[[], "KMSClient"]


def connection(endpoint: str) -> Connect:
    client = boto3.client(
        "kms",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5),
    )
    return lambda: client


@pytest.fixture
def connect(aws_endpoint: str) -> Connect:
    return connection(aws_endpoint)


@pytest.fixture
def key_id(connect: Connect) -> str:
    return connect().create_key()["KeyMetadata"]["KeyId"]


def test_a_data_key_is_32_bytes_and_opens_again(connect: Connect, key_id: str) -> None:
    keys = KmsDataKeys(connect, key_id)
    made = keys.generate()
    assert len(made.plaintext) == 32
    assert made.plaintext not in made.wrapped
    assert KmsDataKeys(connect, key_id).unwrap(made.wrapped) == made.plaintext
    assert keys.generate().plaintext != made.plaintext


def test_what_one_process_seals_another_opens(connect: Connect, key_id: str) -> None:
    sealed = EnvelopeCipher(KmsDataKeys(connect, key_id)).seal(b"secret", context="event.data:1")
    assert EnvelopeCipher(KmsDataKeys(connect, key_id)).open(sealed, context="event.data:1") == b"secret"


def test_a_data_key_wrapped_for_another_purpose_is_refused(connect: Connect, key_id: str) -> None:
    foreign = connect().generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext={"purpose": "other"})
    with pytest.raises(DecryptionError, match="did not wrap it"):
        KmsDataKeys(connect, key_id).unwrap(foreign["CiphertextBlob"])


# KMS refuses the data key itself in the next two; ministack returns another one, under which the value does not open.


def test_under_a_changed_data_key_nothing_opens(connect: Connect, key_id: str) -> None:
    version, wrapped, body = EnvelopeCipher(KmsDataKeys(connect, key_id)).seal(b"secret", context="c").split(".")
    changed = wrapped[:-8] + ("A" if wrapped[-8] != "A" else "B") + wrapped[-7:]
    with pytest.raises(DecryptionError):
        EnvelopeCipher(KmsDataKeys(connect, key_id)).open(f"{version}.{changed}.{body}", context="c")


def test_under_another_key_nothing_opens(connect: Connect, key_id: str) -> None:
    sealed = EnvelopeCipher(KmsDataKeys(connect, key_id)).seal(b"secret", context="c")
    other = connect().create_key()["KeyMetadata"]["KeyId"]
    with pytest.raises(DecryptionError):
        EnvelopeCipher(KmsDataKeys(connect, other)).open(sealed, context="c")


def test_an_unknown_key_is_a_wrong_setting_and_the_setting_is_named(connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match="VARIATE_KMS_KEY_ID: '00000000-0000-0000-0000-000000000000'"):
        KmsDataKeys(connect, "00000000-0000-0000-0000-000000000000").generate()


def test_a_disabled_key_opens_nothing(connect: Connect, key_id: str) -> None:
    keys = KmsDataKeys(connect, key_id)
    wrapped = keys.generate().wrapped
    connect().disable_key(KeyId=key_id)
    with pytest.raises(DecryptionError, match="not to be used"):
        keys.unwrap(wrapped)
    with pytest.raises(ConfigurationError, match="VARIATE_KMS_KEY_ID"):
        keys.generate()


def test_a_kms_that_does_not_answer_is_transient() -> None:
    # Port 9, "discard": nothing listens there.
    keys = KmsDataKeys(connection("http://127.0.0.1:9"), "key")
    with pytest.raises(StoreUnavailableError):
        keys.generate()
    with pytest.raises(StoreUnavailableError):
        keys.unwrap(b"wrapped")
