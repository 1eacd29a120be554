"""Ids as a part of a path: every id that the platform permits has a page, and one spelling of it."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final


class New(Enum):
    """The part of a path under which the form of something new is: no id is written so."""

    NEW = "new"


NEW: Final = New.NEW

_ESCAPED: Final = re.compile("~[0-9A-F]{2}")


def segment_of(given: str | New) -> str:
    """Return the id as the part of a path that names it.

    What our front and proxies before it take for something else is escaped, byte for byte in UTF-8, by ``~`` and two
    digits: slashes, what cannot be printed, parts of dots alone, and the word that is the form's address. They take
    ``%2F`` for a slash, so that it would not come through.
    """
    if isinstance(given, New):
        return given.value
    written = "".join(each if each.isprintable() and each not in "/\\~" else _escaped(each) for each in given)
    if written in (".", "..", NEW.value):
        return _escaped(written[0]) + (_escaped(".") if written == ".." else written[1:])
    return written


def id_of(segment: str) -> str:
    """Return the id that the part of a path names: of another spelling than ``segment_of`` has, the part itself."""
    if "~" not in segment:
        return segment
    written = _ESCAPED.sub(lambda found: chr(int(found[0][1:], 16)), segment.encode().decode("latin-1"))
    found = written.encode("latin-1").decode(errors="replace")
    return found if segment_of(found) == segment else segment


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode())
