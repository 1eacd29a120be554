"""Where a link or a form of ours may lead on to: a path of this host, and nowhere else."""

from __future__ import annotations

from variate.errors import InvalidInputError

HOME = "/"
_MOST_CHARACTERS = 1_000


def own_path(text: str) -> str:
    """Return the text if it is a path of this host: nobody is to be led elsewhere by a link to us.

    What begins with one slash, and has nothing in it that a browser drops or takes for a slash, names no host.
    """
    is_path = text.startswith("/") and not text.startswith("//")
    if not is_path or "\\" in text or not text.isprintable() or len(text) > _MOST_CHARACTERS:
        raise InvalidInputError("next", "must be a path of this host, such as /experiments")
    return text
