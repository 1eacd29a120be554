"""What every backend demands of a key, of a rate limit and of an announcement."""

from __future__ import annotations

from variate.errors import InvalidInputError
from variate.model.rules import check_id, check_seconds, check_text, check_whole

MAX_KEY_BYTES = 8_192
"""Room for a prefix and several ids."""
MAX_REQUESTS = 1_000_000
MAX_WINDOW_SECONDS = 31_536_000
MAX_ANNOUNCEMENT_BYTES = 65_536


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


def check_announcement(channel: object, text: object) -> None:
    """Raise ``InvalidInputError`` unless these are a channel of 1 to 1,024 bytes and a text of at most 65,536."""
    check_id("channel", channel)
    check_text("text", text, max_bytes=MAX_ANNOUNCEMENT_BYTES)


def check_timeout(value: object) -> float:
    """Return ``value`` if it is a number of seconds from 0, else raise ``InvalidInputError``."""
    return 0.0 if value == 0 and not isinstance(value, bool) else check_seconds("timeout_seconds", value)
