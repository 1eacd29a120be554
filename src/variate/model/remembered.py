"""What texts were read as, remembered: attributes repeat, and finding costs a tenth of reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CAPACITY = 4_096


class Remembered(dict[str, Any]):
    """``remembered[text]`` is ``read(text)``, kept for next time; None, and not kept, for a text above ``longest``.

    A dict rather than ``lru_cache``: a lookup costs half a call, and texts of any length would be held by the thousand.
    It is emptied when it is full, so any number of threads may use it without a lock.
    """

    __slots__ = ("_longest", "_read")

    def __init__(self, read: Callable[[str], Any], *, longest: int) -> None:
        super().__init__()
        self._read = read
        self._longest = longest

    def __missing__(self, text: str) -> Any:
        if len(text) > self._longest:
            return None
        value = self._read(text)
        if len(self) >= CAPACITY:
            self.clear()
        self[text] = value
        return value
