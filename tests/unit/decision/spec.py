"""The files in ``spec/``: the schema of a snapshot, and decision cases as data."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SPEC = Path(__file__).parents[3] / "spec"
CASE_FILES = sorted((SPEC / "decision-cases").glob("*.json"))


def spec_file(path: Path) -> Any:
    """Return the JSON that the file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def snapshot_schema() -> Draft202012Validator:
    """Return what validates a snapshot's content."""
    schema = spec_file(SPEC / "snapshot.schema.json")
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def errors_of(content: Any) -> list[str]:
    """Return in words what the schema has against a snapshot's content: where, and what."""
    return [f"{error.json_path}: {error.message[:200]}" for error in snapshot_schema().iter_errors(content)]
