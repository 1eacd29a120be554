"""What is secret is not told: keys, passwords, cookies and the passwords in addresses, wherever they stand."""

from __future__ import annotations

import re

_SHOWN = "[hidden]"

# Others choose the text, in a path for one: the time that these take is to grow with its length, not with the square.
# In the text of a log line: as in a header, in JSON (whose quotes may be escaped), in a query or in an assignment.
_NAMED = re.compile(
    r"""(?ix)
    (
      (?: (?:proxy-)?authorization | (?:set-)?cookie | x-api-key | api[_-]?key | client[_-]?secret | secret
        | pass(?:word|wd|phrase)? | (?:access|refresh|id|session)[_-]?token | token | session )
      \\{0,7}["']? \s* [:=] \s* \\{0,7}["']?
    )
    (?: (?:bearer|basic) \s+ )?
    (?! \\{0,7}["'] ) [^\s"'\\,;&}\])]+
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{6,}")
_KEY = re.compile(r"\bvk_[A-Za-z0-9_-]{8,}")
_ADDRESS = re.compile(r"://[^\s/@:\"']*:[^\s/\"']*@")
_NAMES = ("authorization", "cookie", "api-key", "api_key", "apikey", "secret", "pass", "token", "session")


def hidden(text: str) -> str:
    """Return the text without the secrets in it that can be told by what stands around them, or by their form."""
    lowered = text.lower()  # most lines have none of the words, and looking for a word is quick
    if "vk_" in text:
        text = _KEY.sub(_SHOWN, text)
    if "://" in text:
        text = _ADDRESS.sub(f"://{_SHOWN}@", text)
    if any(name in lowered for name in _NAMES):
        text = _NAMED.sub(rf"\1{_SHOWN}", text)
    if "bearer" in lowered or "basic" in lowered:
        text = _BEARER.sub(rf"\1\2{_SHOWN}", text)
    return text
