"""Text that is safe to show: what users named their things does not steer a terminal."""

from __future__ import annotations


def shown(text: str) -> str:
    """Return ``text`` on one line, with control characters and lone surrogates written as escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
