"""Which experiments and flags a list is asked for, and what it means that one is found by a text."""

from __future__ import annotations

import json
import string
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

from variate.model.experiment import Experiment, ExperimentStatus
from variate.model.flag import FeatureFlag, FlagStatus
from variate.model.rules import MAX_NAME_BYTES, check_choice, check_id, check_name, check_text

REWRITTEN = (r"\u", r"\/")
"""One of these is in every JSON text that writes a string in another way than we do, and in hardly one of ours."""

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class ExperimentFilters(TypedDict, total=False):
    """Which experiments are asked for; what is None or not given leaves all of them."""

    status: ExperimentStatus | None
    owner: str | None
    text: str | None
    """Those whose id, name or hypothesis contains this, however it writes the letters A to Z."""
    mentions: tuple[str, ...] | None
    """Those whose design names the audience, metric, holdout or layer of one of these ids, and maybe some that do not.

    None that names it is missing. One that cannot be read is there unless its store can tell that it names none.
    """


class FlagFilters(TypedDict, total=False):
    """Which flags are asked for; what is None or not given leaves all of them."""

    status: FlagStatus | None
    owner: str | None
    """Those whose targeting names this owner; free-form flags have none."""
    tag: str | None
    """Those whose targeting has this tag among its own; free-form flags have none."""
    text: str | None
    """Those whose id, name or description contains this, however it writes the letters A to Z."""
    mentions: tuple[str, ...] | None
    """Those whose rules and targeting name the audience, experiment or flag of one of these ids; else as above."""
    unchanged_since: datetime | None
    """Those that were last updated at this moment or before. It bounds the list, and is no part of a ``last_key``."""


def experiment_filters(
    *, status: str | None, owner: str | None, text: str | None, mentions: Iterable[str] | None
) -> ExperimentFilters:
    """Return what a caller asks for, if each of it can be true of an experiment."""
    return {
        "status": None if status is None else check_choice("status", status, ExperimentStatus),
        "owner": None if owner is None else check_name("owner", owner),
        "text": checked_text(text),
        "mentions": _checked_ids(mentions),
    }


def flag_filters(
    *, status: str | None, owner: str | None, tag: str | None, text: str | None, mentions: Iterable[str] | None
) -> FlagFilters:
    """Return what a caller asks for, if each of it can be true of a flag."""
    return {
        "status": None if status is None else check_choice("status", status, FlagStatus),
        "owner": None if owner is None else check_name("owner", owner),
        "tag": None if tag is None else check_name("tag", tag),
        "text": checked_text(text),
        "mentions": _checked_ids(mentions),
    }


def checked_text(text: str | None) -> str | None:
    """Return what is searched for, without the spaces around it; None where that is nothing."""
    return None if text is None else check_text("text", text, max_bytes=MAX_NAME_BYTES).strip() or None


def _checked_ids(mentions: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return the ids in one order, since a ``last_key`` is of one search."""
    return None if mentions is None else tuple(sorted({check_id("mentions", each) for each in mentions}))


def folded(text: str) -> str:
    """Return the text with the letters A to Z as a to z, and every other character as it is.

    Engines fold other letters in ways of their own, and one and the same search is to find the same on each.
    """
    return text.lower() if text.isascii() else text.translate(_LOWER)


def contains(wanted: str | None, places: Iterable[str]) -> bool:
    """Return whether one of the places contains the text that is wanted, if any is."""
    return wanted is None or any(folded(wanted) in folded(place) for place in places)


def experiment_contains(experiment: Experiment, text: str | None) -> bool:
    """Return whether the experiment is found by this text."""
    return contains(text, (experiment.id, experiment.name, experiment.design.hypothesis))


def json_strings(ids: Collection[str]) -> list[str]:
    """Return the ids as they stand in the JSON texts that we write."""
    return [json.dumps(each, ensure_ascii=False) for each in ids]


def may_name(texts: Iterable[str], ids: Collection[str] | None) -> bool:
    """Return whether one of these JSON texts may have one of the ids as a string, where they are asked for."""
    if ids is None:
        return True
    wanted = (*json_strings(ids), *REWRITTEN)
    return any(each in text for text in texts for each in wanted)


def flag_says(flag: FeatureFlag, *, owner: str | None, tag: str | None, mentions: Collection[str] | None) -> bool:
    """Return whether the flag's targeting has this owner and this tag, and it may name one of the ids ``mentions``.

    Where they are asked for, and by its rules and targeting as they are stored.
    """
    if not may_name((each.text for each in (flag.rules, flag.targeting) if each is not None), mentions):
        return False
    if owner is None and tag is None:
        return True
    targeting = None if flag.targeting is None else flag.targeting.value
    return isinstance(targeting, Mapping) and is_marked(targeting, owner=owner, tag=tag)


def is_marked(targeting: Mapping[str, Any], *, owner: str | None, tag: str | None) -> bool:
    """Return whether the targeting has this owner and this tag, where they are asked for."""
    tags = targeting.get("tags")
    return (owner is None or targeting.get("owner") == owner) and (
        tag is None or (isinstance(tags, list) and tag in tags)
    )
