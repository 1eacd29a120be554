"""What does not open is named, and holds up no other; what the store behind could not read is passed on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.testing.reference import Memory, ReferenceExperimentStore, ReferenceFlagStore
from variate.errors import DecryptionError, InvalidInputError
from variate.model import Document
from variate.settings import ENCRYPTABLE_FIELDS
from variate.stores.wrappers.encrypted import EncryptedExperimentStore, EncryptedFlagStore
from variate.stores.wrappers.sealing import EnvelopeCipher, KeyFileDataKeys
from variate.testing.builders import build_audit_entry, build_experiment, build_flag

NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture(params=["experiment", "flag"])
def kind(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def store(memory: Memory, kind: str, tmp_path: Path) -> Any:
    """A store of this kind with all sealed, and four of them in it."""
    cipher = EnvelopeCipher(KeyFileDataKeys(tmp_path / "field-key"))
    if kind == "experiment":
        experiments = EncryptedExperimentStore(ReferenceExperimentStore(memory), cipher, ENCRYPTABLE_FIELDS)
        for name in NAMES:
            experiments.insert(build_experiment(name, description="secret"), audit=[], outbox=[])
        return experiments
    flags = EncryptedFlagStore(ReferenceFlagStore(memory), cipher, ENCRYPTABLE_FIELDS)
    for name in NAMES:
        flags.insert(build_flag(name, rules={"secret": name}), audit=build_audit_entry())
    return flags


def exchange(memory: Memory, first: str, second: str) -> None:
    """Put what is sealed in the second into the first, where it does not open."""
    if first in memory.flags:
        memory.flags[first] = replace(memory.flags[first], rules=memory.flags[second].rules)
    else:
        sealed = memory.experiments[second].description
        memory.experiments[first] = replace(memory.experiments[first], description=sealed)


def test_one_that_does_not_open_is_named_and_holds_up_no_other(memory: Memory, store: Any, kind: str) -> None:
    exchange(memory, "b", "c")
    page = store.list(limit=10)
    assert sorted(each.id for each in page) == ["a", "c", "d"]
    assert list(page.unreadable) == ["b"]
    assert isinstance(page.unreadable["b"], DecryptionError)
    assert str(page.unreadable["b"]).startswith(f"{kind} 'b' cannot be opened: ")
    with pytest.raises(DecryptionError, match=f"^{kind} 'b' cannot be opened: "):
        store.get("b")
    assert store.get("a").id == "a"


def test_what_the_store_behind_could_not_read_is_passed_on(memory: Memory, store: Any, kind: str) -> None:
    exchange(memory, "b", "c")
    memory.spoilt.add((kind, "d"))
    first = store.list(limit=3)
    rest = store.list(limit=3, last_key=first.last_key)
    assert sorted(each.id for each in [*first, *rest]) == ["a", "c"]
    found = {**first.unreadable, **rest.unreadable}
    assert {name: type(error) for name, error in found.items()} == {"b": DecryptionError, "d": InvalidInputError}
    assert rest.last_key is None


def test_what_only_looks_sealed_and_is_no_json_is_named(memory: Memory, store: Any, kind: str) -> None:
    broken = Document('{"$sealed": oops')
    if kind == "flag":
        memory.flags["b"] = replace(memory.flags["b"], rules=broken)
    else:
        variation, *others = memory.experiments["b"].variations
        variations = (replace(variation, value=broken), *others)
        memory.experiments["b"] = replace(memory.experiments["b"], variations=variations)
    page = store.list(limit=10)
    assert (len(page), list(page.unreadable)) == (3, ["b"])
    with pytest.raises(InvalidInputError, match=f"^{kind}: 'b' cannot be read: it is of no form that is known: "):
        store.get("b")
