"""Where a link or a form of ours may lead on to: a path of this host, and nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit

from variate.errors import InvalidInputError

HOME = "/"
_MOST_CHARACTERS = 1_000


def own_path(text: str) -> str:
    """Return the text if it is a path of this host: nobody is to be led elsewhere by a link to us."""
    rule = "must be a path of this host, such as /experiments"
    if len(text) > _MOST_CHARACTERS or not text.isprintable() or "\\" in text or not text.startswith("/"):
        raise InvalidInputError("next", rule)
    parts = urlsplit(text)
    if text.startswith("//") or parts.scheme or parts.netloc:
        raise InvalidInputError("next", rule)
    return text
