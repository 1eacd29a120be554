"""Text that people wrote, made fit for a page: what cannot be in one, and what would turn it about, is written out."""

from __future__ import annotations

import re
import unicodedata

# What XML 1.0 (section 2.2) has no place for, and marks that change the direction of what follows them.
_UNFIT = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WIDE = frozenset("WF")


def fit(text: str) -> str:
    """Return ``text`` on one line, with what cannot be on a page written as escapes."""
    if text.isascii() and text.isprintable() and "  " not in text and text.strip() == text:
        return text  # nearly all of what a page has, in a third of the time
    return escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """Return ``text`` with what cannot be on a page written as escapes; its blanks and lines stay as they are."""
    return text if text.isascii() and text.isprintable() else _UNFIT.sub(_escape_of, text)


def is_fit(text: str) -> bool:
    """Return whether a page can have the text as it is, however it is broken into lines."""
    return _UNFIT.search(text) is None


def width(text: str) -> int:
    """Return how many columns the text takes; a character of East Asian width takes two."""
    return len(text) if text.isascii() else sum(_columns(character) for character in text)


def cut(text: str, *, columns: int) -> str:
    """Return the text if it takes at most ``columns``, else its beginning and its end with an ellipsis between.

    The end is kept since names that are long often differ there.
    """
    if width(text) <= columns:
        return text
    end = _beginning(text[::-1], columns=(columns - 1) * 2 // 5)[::-1]
    return f"{_beginning(text, columns=columns - 1 - width(end))}…{end}"


def _beginning(text: str, *, columns: int) -> str:
    taken = 0
    for place, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:place]
    return text


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _escape_of(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
