"""The values a generated function is closed over: its text names them, so functions of one shape share one text."""

from __future__ import annotations


class Constants:
    """The values a generated function is closed over; its source names them c0, c1, ..."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._shared: dict[int, str] = {}
        self._locals = 0

    def name(self, value: object) -> str:
        """Return a fresh name bound to ``value``: equal operands keep two names, lest they make two shapes of one."""
        self.values.append(value)
        return f"c{len(self.values) - 1}"

    def shared(self, value: object) -> str:
        """Return the one name bound to ``value``, which is ours and the same in every function: a helper, say."""
        if id(value) not in self._shared:  # the list keeps the value alive, so no other gets its id
            self._shared[id(value)] = self.name(value)
        return self._shared[id(value)]

    def local(self) -> str:
        """Return a fresh name for a local variable of the function."""
        self._locals += 1
        return f"v{self._locals - 1}"
