"""What the text of a cell says as a number: a number, a word that is one, or nothing."""

from __future__ import annotations

from variate.stores.duckdb.session import literal

_NOTHING = ("", "na", "null")
"""What stands for no value, in small letters and without the spaces around it."""
_WORDS = {"true": 1, "yes": 1, "false": 0, "no": 0}
_SPACES = literal(" \t\r\n")


def is_number(cell: str) -> bool:
    """Return whether the cell is a number, a word that is one, or nothing."""
    text = cell.strip().lower()
    if text in _NOTHING or text in _WORDS:
        return True
    try:
        float(text)
    except ValueError:
        return False
    # Python takes more than a table means: 1_000, and the digits of every script.
    return "_" not in text and text.isascii()


def not_a_number(cell: object) -> str:
    """Return the rule that such a cell breaks."""
    return f"must be a number, TRUE, FALSE, yes, no or empty, not {cell!r}"


def number_sql(cell: str) -> str:
    """Return the SQL of the number that the text ``cell`` (SQL too) is; NULL for nothing and for what is no number."""
    words = " ".join(f"WHEN {literal(word)} THEN {number}" for word, number in _WORDS.items())
    plain = f"CASE WHEN contains({cell}, '_') THEN NULL ELSE TRY_CAST(trim({cell}, {_SPACES}) AS DOUBLE) END"
    return f"CASE {_folded(cell)} {words} ELSE {plain} END"


def is_fault_sql(cell: str) -> str:
    """Return the SQL of whether the text ``cell`` is no number, though it is something."""
    nothing = ", ".join(map(literal, _NOTHING))
    return f"({cell} IS NOT NULL AND {_folded(cell)} NOT IN ({nothing}) AND ({number_sql(cell)}) IS NULL)"


def _folded(cell: str) -> str:
    return f"lower(trim({cell}, {_SPACES}))"
