"""What every backend demands of a key and of a rate limit."""

from __future__ import annotations

from variate.errors import InvalidInputError
from variate.model.rules import check_text, check_whole

MAX_KEY_BYTES = 8_192
"""Room for a prefix and several ids."""
MAX_REQUESTS = 1_000_000
MAX_WINDOW_SECONDS = 31_536_000


def check_key(key: object) -> str:
    """Return ``key`` if it is 1 to 8,192 bytes of text, else raise ``InvalidInputError``."""
    # The usual key, told by one line: every look at the cache comes by here.
    if type(key) is str and key.isascii() and 0 < len(key) <= MAX_KEY_BYTES and "\x00" not in key:
        return key
    text = check_text("key", key, max_bytes=MAX_KEY_BYTES)
    if not text:
        raise InvalidInputError("key", "must not be empty")
    return text


def check_limit(key: object, *, max_requests: object, window_seconds: object) -> None:
    """Raise ``InvalidInputError`` unless this is a limit: 1 to a million calls within a second to a year."""
    check_key(key)
    check_whole("max_requests", max_requests, minimum=1, maximum=MAX_REQUESTS)
    check_whole("window_seconds", window_seconds, minimum=1, maximum=MAX_WINDOW_SECONDS)
