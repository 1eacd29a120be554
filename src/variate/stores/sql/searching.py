"""What a list is searched by, as conditions that both engines answer alike.

``lower`` folds the letters A to Z alone: SQLite's always does so, and PostgreSQL's does in the collation "C". The text
is looked for as it is, not as a pattern. A row written by hand may hold JSON that is none, or that PostgreSQL keeps but
cannot read (it has no NUL, and no half of a surrogate pair): such a document has no member, and fails no list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, literal, literal_column, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from variate.model.listing import REWRITTEN, folded, json_strings

_MOST_SOUGHT = 50
"""How many ids are looked for in each document: to look for more takes longer than to decode it."""


def contains(text: str, *places: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that one of the places contains the text, however it writes the letters A to Z."""
    wanted = literal(folded(text), Text())
    return or_(*(_contains(place, wanted) for place in places))


def may_name(ids: Sequence[str], *documents: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that one of the JSON documents may have one of the ids as a string, at any depth.

    The documents are not taken apart: what is there is their text. Of many ids each document may have one.
    """
    if len(ids) > _MOST_SOUGHT:
        return true()
    wanted = json_strings(ids)
    return or_(*(or_(*_each_held(document, wanted), _is_rewritten(document)) for document in documents))


def _each_held(document: ColumnElement[Any], texts: Sequence[str]) -> list[ColumnElement[bool]]:
    return [_holds(document, literal(each, Text())) for each in texts]


def _is_rewritten(document: ColumnElement[Any]) -> ColumnElement[bool]:
    # Hardly a document has a backslash at all, and to look for one takes half the time of looking for two escapes.
    return and_(*_each_held(document, ["\\"]), or_(*_each_held(document, REWRITTEN)))


def member(document: ColumnElement[Any], name: str) -> ColumnElement[str]:
    """Return the text of the member ``name``, a word of ours, of a column's object; NULL where there is none."""
    return _member(document, literal_column(f"'{name}'"))


def lists(document: ColumnElement[Any], name: str, text: str) -> ColumnElement[bool]:
    """Return that the member ``name``, a word of ours, of a column's object is a list that has this text."""
    return _lists(document, literal_column(f"'{name}'"), literal(text, Text()))


class _contains(FunctionElement[bool]):  # noqa: N801 - SQLAlchemy's way: an SQL function is named as in SQL
    type = Boolean()
    inherit_cache = True


class _holds(FunctionElement[bool]):  # noqa: N801 - as above
    type = Boolean()
    inherit_cache = True


class _member(FunctionElement[str]):  # noqa: N801 - as above
    type = Text()
    inherit_cache = True


class _lists(FunctionElement[bool]):  # noqa: N801 - as above
    type = Boolean()
    inherit_cache = True


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, given: dict[str, Any]) -> list[str]:
    return [compiler.process(part, **given) for part in element.clauses]


@compiles(_contains, "sqlite")
def _contains_of_sqlite(element: _contains, compiler: SQLCompiler, **given: Any) -> str:
    place, wanted = _parts(element, compiler, given)
    return f"instr(lower({place}), {wanted}) > 0"


@compiles(_contains, "postgresql")
def _contains_of_postgres(element: _contains, compiler: SQLCompiler, **given: Any) -> str:
    place, wanted = _parts(element, compiler, given)
    return f'strpos(lower({place} COLLATE "C"), {wanted}) > 0'


@compiles(_holds, "sqlite")
def _holds_of_sqlite(element: _holds, compiler: SQLCompiler, **given: Any) -> str:
    place, wanted = _parts(element, compiler, given)
    return f"instr({place}, {wanted}) > 0"


@compiles(_holds, "postgresql")
def _holds_of_postgres(element: _holds, compiler: SQLCompiler, **given: Any) -> str:
    place, wanted = _parts(element, compiler, given)
    return f'strpos(CAST({place} AS TEXT) COLLATE "C", {wanted}) > 0'


@compiles(_member, "sqlite")
def _member_of_sqlite(element: _member, compiler: SQLCompiler, **given: Any) -> str:
    document, name = _parts(element, compiler, given)
    return f"CASE WHEN json_valid({document}) THEN json_extract({document}, '$.' || {name}) END"


@compiles(_member, "postgresql")
def _member_of_postgres(element: _member, compiler: SQLCompiler, **given: Any) -> str:
    document, name = _parts(element, compiler, given)
    return f"(CASE WHEN {_is_read(document)} THEN {document} ->> {name} END)"


@compiles(_lists, "sqlite")
def _lists_of_sqlite(element: _lists, compiler: SQLCompiler, **given: Any) -> str:
    document, name, text = _parts(element, compiler, given)
    place = f"{document}, '$.' || {name}"
    has = f"SELECT 1 FROM json_each({place}) AS one WHERE one.type = 'text' AND one.value = {text}"  # noqa: S608 - what SQLAlchemy compiled
    return f"CASE WHEN json_valid({document}) THEN json_type({place}) = 'array' AND EXISTS ({has}) END"


@compiles(_lists, "postgresql")
def _lists_of_postgres(element: _lists, compiler: SQLCompiler, **given: Any) -> str:
    document, name, text = _parts(element, compiler, given)
    place = f"{document} -> {name}"
    is_text = "json_typeof(one.value) = 'string' AND one.value #>> '{}'"
    has = f"SELECT 1 FROM json_array_elements({place}) AS one (value) WHERE {is_text} = {text}"  # noqa: S608 - what SQLAlchemy compiled
    # One CASE within another: what is joined by AND may be computed in either order.
    is_list = f"CASE WHEN json_typeof({place}) = 'array' THEN EXISTS ({has}) END"
    return f"CASE WHEN {_is_read(document)} THEN {is_list} END"


def _is_read(document: str) -> str:
    """Return that PostgreSQL can read each text of the document: see above. An escaped backslash escapes nothing."""
    halves = r"\\u0000|\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]"
    found = f"CAST({document} AS TEXT)"
    # Hardly a document has an escape at all, and to look for one takes a fraction of the time.
    return rf"CASE WHEN strpos({found}, '\u') = 0 THEN TRUE ELSE replace({found}, '\\', '') !~* '{halves}' END"
