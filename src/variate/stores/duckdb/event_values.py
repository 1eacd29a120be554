"""What SQL reads of an event's data."""

from __future__ import annotations

from variate.stores.duckdb.session import literal

_NUMBERS = "('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE', 'FLOAT', 'DECIMAL', 'BOOLEAN')"


def number_under(field: str) -> str:
    """Return the SQL of the number in ``data`` under the field; false is 0, and what is no number counts as 1."""
    found = _under(field)
    return f"CASE WHEN json_type({found}) IN {_NUMBERS} THEN CAST({found} AS DOUBLE) ELSE 1.0 END"


def text_under(name: str, *, within: str = "data") -> str:
    """Return the SQL of the text under the name; NULL for what is no text."""
    found = _under(name, within=within)
    return f"CASE WHEN json_type({found}) = 'VARCHAR' THEN json_extract_string({found}, '$') END"


def _under(name: str, *, within: str = "data") -> str:
    path = "/" + name.replace("~", "~0").replace("/", "~1")
    found = f"TRY(json_extract({within}, {literal(path)}))"
    # Of a list, such a path is a place.
    if name.isdecimal() or name == "-":
        return f"CASE WHEN TRY(json_type({within})) = 'OBJECT' THEN {found} END"
    return found


def object_under(name: str) -> str:
    """Return the SQL of the JSON object in ``data`` under the name; NULL for anything else."""
    found = _under(name)
    return f"CASE WHEN json_type({found}) = 'OBJECT' THEN CAST({found} AS VARCHAR) END"
