"""Envelope encryption: what opens what, and how often the keys' keeper is asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.unit.stores.ticking import Ticking
from variate.errors import ConfigurationError, DecryptionError, MissingExtraError
from variate.stores.wrappers.sealing import DataKey, EnvelopeCipher, KeyFileDataKeys
from variate.testing.conformance.concurrency import together


class CountedKeys:
    """A key file that counts what is asked of it."""

    def __init__(self, path: Path) -> None:
        self._keys = KeyFileDataKeys(path)
        self.generated = 0
        self.unwrapped = 0

    def generate(self) -> DataKey:
        self.generated += 1
        return self._keys.generate()

    def unwrap(self, wrapped: bytes) -> bytes:
        self.unwrapped += 1
        return self._keys.unwrap(wrapped)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "field-key"


@pytest.fixture
def keys(path: Path) -> CountedKeys:
    return CountedKeys(path)


@pytest.fixture
def cipher(keys: CountedKeys) -> EnvelopeCipher:
    return EnvelopeCipher(keys)


@pytest.mark.parametrize("plaintext", [b"", b"secret", "é☃".encode(), b"x" * 400_000])
def test_what_was_sealed_opens(cipher: EnvelopeCipher, path: Path, plaintext: bytes) -> None:
    sealed = cipher.seal(plaintext, context="event.data:1")
    assert cipher.open(sealed, context="event.data:1") == plaintext
    assert EnvelopeCipher(KeyFileDataKeys(path)).open(sealed, context="event.data:1") == plaintext


def test_a_sealed_value_can_be_opened_by_the_plain_recipe(cipher: EnvelopeCipher, keys: CountedKeys) -> None:
    """The format, taken apart by hand: version, wrapped key, nonce and ciphertext, bound to version and context."""
    from base64 import urlsafe_b64decode

    version, wrapped, body = cipher.seal(b"secret", context="event.data:1").split(".")
    key, sealed = (urlsafe_b64decode(part + "==") for part in (wrapped, body))
    assert version == "1"
    opened = AESGCM(keys.unwrap(key)).decrypt(sealed[:12], sealed[12:], b"variate/1/event.data:1")
    assert opened == b"secret"


def test_the_same_value_is_never_sealed_the_same(cipher: EnvelopeCipher) -> None:
    assert len({cipher.seal(b"secret", context="c") for _ in range(1_000)}) == 1_000


def test_it_opens_in_no_other_place(cipher: EnvelopeCipher) -> None:
    sealed = cipher.seal(b"secret", context="event.data:1")
    with pytest.raises(DecryptionError, match="moved here from another record"):
        cipher.open(sealed, context="event.data:2")


def test_a_change_of_any_character_is_noticed(cipher: EnvelopeCipher) -> None:
    sealed = cipher.seal(b"secret", context="c")
    for place, character in enumerate(sealed):
        changed = sealed[:place] + ("A" if character != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(DecryptionError):
            cipher.open(changed, context="c")


@pytest.mark.parametrize(
    "text", ["", "1", "1.", "1..", "1.a.b", "2.AAAA.AAAA", "nothing", "1.é.é", "1.AAAA.A", "1.AA AA.AAAA"]
)
def test_what_is_no_sealed_value_is_refused(cipher: EnvelopeCipher, text: str) -> None:
    cipher.seal(b"", context="c")
    with pytest.raises(DecryptionError):
        cipher.open(text, context="c")


def test_a_data_key_is_used_a_bounded_number_of_times(keys: CountedKeys) -> None:
    cipher = EnvelopeCipher(keys, max_uses=10)
    wrapped = [cipher.seal(b"x", context="c").split(".")[1] for _ in range(35)]
    assert keys.generated == 4
    assert max(wrapped.count(each) for each in wrapped) == 10


def test_a_data_key_is_used_for_a_bounded_time(keys: CountedKeys) -> None:
    clock = Ticking()
    cipher = EnvelopeCipher(keys, max_age_seconds=60, clock=clock)
    cipher.seal(b"x", context="c")
    clock.advance(59)
    cipher.seal(b"x", context="c")
    assert keys.generated == 1
    clock.advance(1)
    cipher.seal(b"x", context="c")
    assert keys.generated == 2


def test_a_data_key_is_unwrapped_once(keys: CountedKeys, path: Path) -> None:
    writer = EnvelopeCipher(KeyFileDataKeys(path))
    sealed = [writer.seal(b"x", context="c") for _ in range(20)]
    reader = EnvelopeCipher(keys)
    for each in sealed:
        reader.open(each, context="c")
    assert keys.unwrapped == 1


def test_threads_share_a_data_key(keys: CountedKeys) -> None:
    cipher = EnvelopeCipher(keys)
    sealed = together(20, lambda number: cipher.seal(b"%d" % number, context="c"))
    assert [cipher.open(each, context="c") for each in sealed] == [b"%d" % number for number in range(20)]
    assert (keys.generated, keys.unwrapped) == (1, 0)


def test_the_key_file_is_made_at_the_first_use_for_its_owner_alone(path: Path) -> None:
    keys = KeyFileDataKeys(path)
    assert not path.parent.exists()
    keys.generate()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["field-key"]


def test_a_key_file_that_others_may_read_is_refused(path: Path) -> None:
    KeyFileDataKeys(path).generate()
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        KeyFileDataKeys(path).generate()


@pytest.mark.parametrize("content", [b"", b"short", b"not a key at all, but long enough for one" * 3])
def test_a_key_file_without_a_key_is_refused_and_not_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=r"field-key (does not hold a key|cannot be read)"):
        KeyFileDataKeys(path).generate()
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="field-key"):
        KeyFileDataKeys(tmp_path / "file" / "field-key").generate()


def test_without_the_key_file_nothing_opens_and_none_is_made(path: Path) -> None:
    wrapped = KeyFileDataKeys(path).generate().wrapped
    path.unlink()
    with pytest.raises(DecryptionError, match="is missing"):
        KeyFileDataKeys(path).unwrap(wrapped)
    assert not path.exists()


def test_under_another_key_nothing_opens(path: Path) -> None:
    wrapped = KeyFileDataKeys(path).generate().wrapped
    path.unlink()
    KeyFileDataKeys(path).generate()
    with pytest.raises(DecryptionError, match="another key"):
        KeyFileDataKeys(path).unwrap(wrapped)


PROGRAM = """
import sys
from pathlib import Path
from variate.stores.wrappers.sealing import KeyFileDataKeys

keys = KeyFileDataKeys(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(keys.generate().wrapped.hex())
"""


def test_processes_that_make_the_key_file_at_once_end_with_one_key(path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(path)]
    makers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    wrapped = [bytes.fromhex(maker.communicate(timeout=60)[0]) for maker in makers]
    keys = KeyFileDataKeys(path)
    assert len({keys.unwrap(each) for each in wrapped}) == 4
    assert [each.name for each in path.parent.iterdir()] == ["field-key"]


def test_threads_that_make_the_key_file_at_once_end_with_one_key(path: Path) -> None:
    wrapped = together(20, lambda _: KeyFileDataKeys(path).generate().wrapped)
    assert len({KeyFileDataKeys(path).unwrap(each) for each in wrapped}) == 20


def test_without_cryptography_the_extra_is_named(cipher: EnvelopeCipher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'variate\[encryption\]'"):
        cipher.seal(b"secret", context="c")
