"""Data keys from KMS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from variate.aws.session import BOTO_ERRORS, code_of, failure
from variate.errors import ConfigurationError, DecryptionError, VariateError
from variate.stores.wrappers.sealing import DataKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_CONTEXT = {"purpose": "variate-field"}
"""Named in CloudTrail at each use, and usable as a condition in the key's policy."""

_WRONG_KEY = frozenset(
    {"NotFoundException", "DisabledException", "KMSInvalidStateException", "InvalidKeyUsageException"}
)
_REFUSED = frozenset({"AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "InvalidArnException"})
_CHANGED = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsDataKeys:
    """``DataKeys`` wrapped by the KMS key ``key_id`` (an id, an ARN or an alias), which never leaves KMS.

    KMS may rotate the key by itself; another key opens nothing that this one wrapped.
    """

    def __init__(self, client: Callable[[], KMSClient], key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def generate(self) -> DataKey:
        """Return a new data key; needs the permission kms:GenerateDataKey."""
        try:
            answer = self._client().generate_data_key(KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=_CONTEXT)
        except BOTO_ERRORS as error:
            raise self._translated(error) from error
        return DataKey(answer["Plaintext"], answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the data key; needs the permission kms:Decrypt."""
        try:
            answer = self._client().decrypt(KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext=_CONTEXT)
        except BOTO_ERRORS as error:
            code = code_of(error)
            if code in _CHANGED:
                raise DecryptionError(f"a data key was changed, or KMS key {self._key_id} did not wrap it") from error
            if code in _WRONG_KEY:
                raise DecryptionError(f"KMS key {self._key_id} is not to be used: {error}") from error
            raise self._translated(error) from error
        return answer["Plaintext"]

    def _translated(self, error: Exception) -> VariateError:
        if code_of(error) in _WRONG_KEY | _REFUSED:
            return ConfigurationError(f"VARIATE_KMS_KEY_ID: {self._key_id!r} cannot be used: {error}")
        return failure("KMS", error)
