"""Regular expressions as conditions use them: RE2, whose time is linear in the text, so that no pattern can stall.

RE2 is imported when the first pattern is met: it takes as long as the rest of ``variate``, and few have a pattern.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from variate.errors import InvalidInputError
from variate.model.rules import check_text, shown

MAX_PATTERN_BYTES = 1_000


def check_pattern(field: str, value: object) -> str:
    """Return ``value`` if RE2 takes it and it is at most 1,000 bytes, else raise ``InvalidInputError``."""
    text = check_text(field, value, max_bytes=MAX_PATTERN_BYTES)
    from re2 import error as refused

    try:
        compiled_pattern(text)
    except refused as error:
        reason = error.args[0] if error.args else "not a pattern"
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise InvalidInputError(field, f"must be a regular expression RE2 takes, not {shown(text)}: {words}") from error
    return text


@lru_cache(maxsize=1024)
def compiled_pattern(text: str) -> Any:
    """Return the pattern ``found_in`` searches for."""
    import re2

    options = re2.Options()
    options.log_errors = False  # they would go to standard error
    options.never_capture = True  # all that is asked is whether
    return re2.compile(text, options)


def found_in(text: str, pattern: Any) -> bool | None:
    """Return whether ``pattern`` is anywhere in ``text``; None where ``text`` is none, for an unpaired surrogate."""
    try:
        # As bytes: the search of a str spends its time on translating offsets nobody asked for.
        return pattern.search(text.encode()) is not None
    except UnicodeEncodeError:
        return None
