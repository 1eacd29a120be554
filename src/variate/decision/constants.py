"""The values of a generated function: its text has literals in their place, and is one for functions of one shape."""

from __future__ import annotations

from types import CodeType


class Constants:
    """What the texts '0', '1', ... stand for in a generated function, which has no other literals that are text."""

    def __init__(self) -> None:
        self._values: list[object] = []
        self._locals = 0

    def literal(self, value: object) -> str:
        """Return a fresh literal for ``value``: equal operands keep two, lest they make two shapes of one."""
        self._values.append(value)
        return f"'{len(self._values) - 1}'"

    def function(self, value: object) -> str:
        """Return an expression for ``value`` that may be called: of a literal that is, the compiler warns."""
        return f"({self.local()} := {self.literal(value)})"

    def local(self) -> str:
        """Return a fresh name for a local variable of the function."""
        self._locals += 1
        return f"v{self._locals - 1}"

    def put_into(self, code: CodeType) -> CodeType:
        """Return the code with the values where their literals were."""
        values = (self._values[int(each)] if isinstance(each, str) else each for each in code.co_consts)
        return code.replace(co_consts=tuple(values))
