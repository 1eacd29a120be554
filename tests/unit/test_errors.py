"""The errors: one tree, each with a stable code, and each the same after a trip to another process."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from variate import errors
from variate.errors import (
    AccessError,
    ConfigurationError,
    ConflictError,
    DecryptionError,
    ForbiddenError,
    IllegalTransitionError,
    InvalidInputError,
    LastAdminError,
    LimitExceededError,
    MissingExtraError,
    NotFoundError,
    NotMigratedError,
    ProviderUnavailableError,
    StoreError,
    StoreUnavailableError,
    UnauthenticatedError,
    VariateError,
)

# Programs rely on these: a change here breaks them.
CODES = {
    VariateError: "variate",
    InvalidInputError: "invalid_input",
    IllegalTransitionError: "illegal_transition",
    LastAdminError: "last_admin",
    NotFoundError: "not_found",
    ConflictError: "conflict",
    AccessError: "access",
    UnauthenticatedError: "unauthenticated",
    ForbiddenError: "forbidden",
    LimitExceededError: "limit_exceeded",
    ConfigurationError: "configuration",
    MissingExtraError: "missing_extra",
    NotMigratedError: "not_migrated",
    ProviderUnavailableError: "provider_unavailable",
    DecryptionError: "decryption",
    StoreError: "store",
    StoreUnavailableError: "store_unavailable",
}
SAMPLES: list[VariateError] = [
    VariateError("words"),
    InvalidInputError("user_id", "must not be empty"),
    IllegalTransitionError("status", "draft cannot become paused"),
    LastAdminError("ada@example.com"),
    NotFoundError("experiment", "e-1"),
    ConflictError("words"),
    AccessError("words"),
    UnauthenticatedError("words"),
    ForbiddenError("words"),
    LimitExceededError("words", 2.5),
    ConfigurationError("words"),
    MissingExtraError("psycopg", "postgres"),
    ProviderUnavailableError("words"),
    NotMigratedError("words"),
    DecryptionError("words"),
    StoreError("words"),
    StoreUnavailableError("words"),
]


def test_every_error_has_a_code_of_its_own_that_does_not_change() -> None:
    found = {each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, VariateError)}
    assert {each: each.code for each in found} == CODES
    assert len(set(CODES.values())) == len(CODES)


def test_there_is_a_sample_of_each() -> None:
    assert {type(each) for each in SAMPLES} == set(CODES)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda each: type(each).__name__)
def test_an_error_is_the_same_after_pickling_and_copying(error: VariateError) -> None:
    for found in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(found) is type(error)
        assert str(found) == str(error)
        assert vars(found) == vars(error)


def test_the_tree_is_the_one_that_is_drawn() -> None:
    """Indentation in the drawing is descent in the code."""
    drawn: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        name = next((word for word in line.split() if word.endswith("Error")), None)
        if name is not None and line.startswith("    "):
            drawn.append((line.index(name), name))
    assert {name for _, name in drawn} == {each.__name__ for each in CODES}
    for place, (depth, name) in enumerate(drawn[1:], start=1):
        parent = next(above for column, above in reversed(drawn[:place]) if column < depth)
        assert getattr(errors, name).__bases__[0].__name__ == parent


def test_bad_input_is_a_value_error_that_names_field_and_rule() -> None:
    error = InvalidInputError("weight", "must be finite")
    assert isinstance(error, ValueError)
    assert (error.field, error.rule, str(error)) == ("weight", "must be finite", "weight: must be finite")


def test_not_found_is_what_the_guides_callers_catch() -> None:
    error = NotFoundError("experiment", "e-1")
    assert isinstance(error, ValueError)
    assert isinstance(error, LookupError)
    assert str(error) == "experiment 'e-1' not found"


def test_a_missing_extra_says_what_to_install() -> None:
    assert str(MissingExtraError("boto3", "dynamodb")).endswith("pip install 'variate[dynamodb]'")
