"""The builder: a condition as rows, or as JSON where rows cannot show it, within any form."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace

from variate.errors import InvalidInputError, VariateError
from variate.model import Json
from variate.model.audience import Audience
from variate.model.condition import condition_record, read_condition
from variate.server.dashboard.conditions.counting import NOT_YET, Count, count
from variate.server.dashboard.conditions.operands import for_local
from variate.server.dashboard.conditions.rows import MAX_NESTED, Rows, Share, condition_of_rows, rows_of, typed_rows
from variate.server.dashboard.conditions.sample import Sample, pasted
from variate.server.dashboard.conditions.words import HELP, KINDS, MATCHES, OPERATORS
from variate.server.dashboard.form import Form
from variate.server.dashboard.typed_json import json_text, json_value
from variate.server.dashboard.visit import Visit

logger = logging.getLogger("variate.server")

MOST_SUGGESTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """What the template shows: ``rows``, or ``json`` where that is not None."""

    prefix: str
    rows: Rows
    json: str | None
    wrong: tuple[str, ...]
    """What is wrong with all of it."""
    audiences: tuple[tuple[str, str], ...]
    """The ids and names that are suggested."""
    attributes: tuple[str, ...]
    """The names that are suggested."""
    count: Count | None
    """How many of a sample match; None where that is not asked."""
    sample: str
    """The sample that was pasted."""
    sample_wrong: str

    operators = OPERATORS
    matches = MATCHES
    kinds = KINDS
    help = HELP
    most_nested = MAX_NESTED
    for_local = staticmethod(for_local)


def condition_of(form: Form, prefix: str) -> Json | None:
    """Return the condition that was typed under ``prefix``, as the platform takes it; None for everybody.

    Raise ``InvalidInputError`` for the first field that is wrong; the others are in ``form.errors`` by then.
    """
    wrong: dict[str, str] = {}
    found = _typed(form, prefix, wrong)
    for name, rule in wrong.items():
        form.errors.setdefault(name, rule)
    if wrong:
        raise InvalidInputError(*next(iter(wrong.items())))
    return found


def view(form: Form, prefix: str, standing: Json | None, visit: Visit) -> Builder:
    """Return what the template shows: what was typed under ``prefix`` or, of a form not sent, ``standing``."""
    rows, text = _sent(form, prefix) if form.sent else _standing(prefix, standing)
    sample, sample_wrong = _sample(form, prefix, visit)
    known = visit.once("audiences", lambda: visit.platform.list_audiences(limit=MOST_SUGGESTED)).items
    return Builder(
        prefix=prefix,
        rows=_salted(rows),
        json=text,
        wrong=tuple(
            rule
            for name, rule in form.errors.items()
            if name == prefix or name.startswith((f"{prefix}.all", f"{prefix}.any", f"{prefix}.not"))
        ),
        audiences=tuple((each.id, each.name) for each in known),
        attributes=() if sample is None else sample.names[:MOST_SUGGESTED],
        count=None if sample is None else _count(form, prefix, standing, sample, visit),
        sample=form.raw(f"{prefix}.sample"),
        sample_wrong=sample_wrong,
    )


def _sample(form: Form, prefix: str, visit: Visit) -> tuple[Sample | None, str]:
    """Return what is counted, and what is wrong with it.

    Reading the exposures may take a while, so that is left until somebody wants the count.
    """
    samples = visit.site.samples
    try:
        if text := form.text(f"{prefix}.sample"):
            return pasted(text), ""
        if form.pressed == f"show:{prefix}.count":
            return samples.read(visit.platform, visit.now), ""
    except InvalidInputError as error:
        return None, error.rule
    except VariateError as error:
        logger.warning("the sample of exposures cannot be read: %s", error)
        return None, "the exposures cannot be read now"
    return samples.kept(visit.now), ""


def _count(form: Form, prefix: str, standing: Json | None, sample: Sample, visit: Visit) -> Count:
    wrong: dict[str, str] = {}
    found = _typed(form, prefix, wrong) if form.sent else standing

    def audience(audience_id: str) -> Audience | None:
        return visit.once(f"audience {audience_id}", lambda: visit.platform.get_audience(audience_id))

    return NOT_YET if wrong else count(found, sample, audience=audience)


def _typed(form: Form, prefix: str, wrong: dict[str, str]) -> Json | None:
    """Return what was typed; what is wrong with it is put into ``wrong``."""
    if form.has(f"{prefix}.json"):
        return _typed_json(form, prefix, wrong)
    rows = typed_rows(form, prefix)
    if not rows.items:
        return None
    found = condition_of_rows(rows, wrong)
    try:
        return None if wrong else condition_record(read_condition(prefix, found))
    except InvalidInputError as error:
        wrong[prefix] = error.rule
        return None


def _typed_json(form: Form, prefix: str, wrong: dict[str, str]) -> Json | None:
    field = f"{prefix}.json"
    if not form.text(field):
        return None
    try:
        return condition_record(read_condition("", json_value("", form.text(field))))
    except InvalidInputError as error:
        place = error.field.lstrip(".")
        wrong[field] = f"{place} {error.rule}" if place else error.rule
        return None


def _sent(form: Form, prefix: str) -> tuple[Rows, str | None]:
    """Return what was typed, as rows or as JSON: as it stood, or as a button asked for."""
    empty = Rows(name=prefix)
    wanted = form.raw(f"{prefix}.way")
    if not form.has(f"{prefix}.json"):
        rows = typed_rows(form, prefix)
        if wanted != "json":
            return rows, None
        wrong: dict[str, str] = {}
        found = _typed(form, prefix, wrong)
        form.errors.update(wrong)
        return (rows, None) if wrong else (empty, "" if found is None else json_text(found))
    text = form.raw(f"{prefix}.json")
    if wanted != "rows":
        return empty, text
    wrong = {}
    found = _typed(form, prefix, wrong)
    shown = empty if found is None else rows_of(prefix, found)
    if shown is None:
        wrong[f"{prefix}.json"] = "cannot be shown as rows, which hold no more than 2 groups within each other"
    form.errors.update(wrong)
    return (empty, text) if wrong or shown is None else (shown, None)


def _standing(prefix: str, standing: Json | None) -> tuple[Rows, str | None]:
    empty = Rows(name=prefix)
    if standing is None:
        return empty, None
    record = condition_record(read_condition(prefix, standing))
    rows = rows_of(prefix, record)
    return (empty, json_text(record)) if rows is None else (rows, None)


def _salted(rows: Rows) -> Rows:
    """Return the rows, with a salt of its own for a share that has none yet."""
    items = tuple(
        _salted(item)
        if isinstance(item, Rows)
        else replace(item, salt=secrets.token_hex(4))
        if isinstance(item, Share) and not item.percentage and not item.salt
        else item
        for item in rows.items
    )
    return replace(rows, items=items)
