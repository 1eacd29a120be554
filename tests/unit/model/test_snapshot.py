"""A snapshot is named by what it says, and by nothing else."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given

from tests.unit.model.values import json_values
from variate.model import Json
from variate.model.snapshot import Snapshot


def shuffled(value: Json) -> Json:
    """Return an equal value whose dicts were filled in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


@given(json_values)
def test_its_content_comes_back_and_the_order_of_keys_makes_no_other(content: Json) -> None:
    made = Snapshot.of(content)
    assert made.content == content
    assert Snapshot.of(shuffled(content)) == made
    assert Snapshot(made.text).digest == made.digest


def test_its_digest_is_the_sha_256_of_its_text() -> None:
    made = Snapshot.of({"b": "é😀", "a": [1, 2.5, None]})
    assert made.text == '{"a":[1,2.5,null],"b":"é😀"}'
    assert made.digest == hashlib.sha256(made.text.encode()).hexdigest()


def test_sealed_it_has_the_digest_of_what_was_sealed() -> None:
    made = Snapshot.of({"a": 1})
    assert Snapshot("sealed", sealed_digest=made.digest).digest == made.digest


def test_content_is_decoded_anew_so_that_nobody_shares_it() -> None:
    made = Snapshot.of({"a": [1]})
    made.content["a"].append(2)
    assert json.loads(made.text) == made.content == {"a": [1]}
