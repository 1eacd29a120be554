"""The schema that a flag's values obey: JSON schema (draft 2020-12), as far as no schema can make us reckon for ever.

Patterns are RE2's, as in conditions, where those of jsonschema may take years over forty characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from variate.errors import InvalidInputError
from variate.model import Json
from variate.model.patterns import check_pattern, compiled_pattern, found_in
from variate.model.targeting import Targeting

MAX_REFERENCES = 20_000
"""How many references are followed for the values of one flag: a few within each other make any number of steps."""


def check_schema(targeting: Targeting) -> None:
    """Raise ``InvalidInputError`` where the schema is none, or a variation's value breaks it.

    References within the schema are followed; nothing is fetched for one that leads elsewhere, which is refused.
    """
    if targeting.schema is None:
        return
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from referencing.exceptions import Unresolvable

    schema = targeting.schema.value
    try:
        Draft202012Validator.check_schema(schema)
        validator = _validator(_checked(schema, targeting.schema.text))
        for place, variation in enumerate(targeting.variations):
            error = next(validator.iter_errors(variation.value.value), None)
            if error is not None:
                path = "".join(f"[{each!r}]" for each in error.absolute_path)
                raise InvalidInputError(f"variations[{place}].value{path}", f"breaks the schema: {error.message}")
    except SchemaError as error:
        raise InvalidInputError("schema", f"is no JSON schema (draft 2020-12): {error.message}") from error
    except Unresolvable as error:
        raise InvalidInputError("schema", f"refers to what is not in it: {error}") from error
    except RecursionError as error:
        raise InvalidInputError("schema", "refers to itself without end") from error
    except OverflowError as error:
        raise InvalidInputError(
            "schema", f"has a number, or is held against one, that is too large: {error}"
        ) from error


def _checked(schema: Json, text: str) -> Json:
    """Return the schema without its ``$schema``; raise ``InvalidInputError`` for what would have us use others' rules.

    A part that has a ``$schema`` of its own is held to jsonschema's keywords, and ``unevaluatedProperties`` looks for
    patterns as jsonschema does.
    """
    if not isinstance(schema, dict):
        return schema
    if text.count('"$schema"') > ("$schema" in schema):
        raise InvalidInputError("schema", "may have a $schema at its beginning only")
    if '"unevaluatedProperties"' in text and '"patternProperties"' in text:
        raise InvalidInputError("schema", "may not have unevaluatedProperties beside patternProperties")
    return {name: value for name, value in schema.items() if name != "$schema"}


def _validator(schema: Json) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry

    left = MAX_REFERENCES

    def follow(validator: Any, reference: str, instance: Json, _: Json) -> Iterator[Any]:
        nonlocal left
        left -= 1
        if left < 0:
            raise InvalidInputError("schema", f"refers to itself so often that {MAX_REFERENCES:,} steps do not suffice")
        yield from validator._validate_reference(ref=reference, instance=instance)

    own = {
        "$ref": follow,
        "$dynamicRef": follow,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    }
    own_rules = extend(Draft202012Validator, own)  # type: ignore[no-untyped-call]  # it has no types
    return own_rules(schema, registry=Registry())


def _found(text: str, pattern: str) -> bool:
    return bool(found_in(text, compiled_pattern(check_pattern("schema", pattern))))


def _pattern(_: Any, pattern: str, instance: Json, __: Json) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not _found(instance, pattern):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, given: dict[str, Json], instance: Json, _: Json) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in given.items():
        for name, value in instance.items():
            if _found(name, pattern):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(validator: Any, given: Json, instance: Json, schema: dict[str, Json]) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not isinstance(instance, dict):
        return
    for name, value in instance.items():
        if name in schema.get("properties", {}) or any(
            _found(name, each) for each in schema.get("patternProperties", {})
        ):
            continue
        if given is False:
            yield ValidationError(f"additional properties are not allowed: {name!r}")
        else:
            yield from validator.descend(value, given, path=name)
