"""Functions made from source text: one code object for all definitions of one shape.

A closure for each step of a decision costs a call each; text that holds the steps of one definition costs none. The
text names no value: what differs between definitions of a shape is what the function is closed over, so the text is
compiled once. All of the text is ours: what a definition says goes into the values only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from variate.decision.constants import Constants

Compiled = Callable[..., Any]


def build(lines: Sequence[str], constants: Constants, *, parameters: str = "unit, attributes") -> Compiled:
    """Return the function with these lines as its body, closed over the constants they name."""
    values = constants.values
    body = "\n".join(f"        {line}" for line in lines)
    names = ", ".join(f"c{number}" for number in range(len(values)))
    source = f"def make({names}):\n    def decide({parameters}):\n{body}\n    return decide\n"
    made: Compiled = _factory(source)(*values)
    return made


@lru_cache(maxsize=4_096)
def _factory(source: str) -> Compiled:
    space: dict[str, Any] = {}
    exec(compile(source, "<variate decision>", "exec"), space)  # noqa: S102 - the text is made of ours alone, see above
    factory: Compiled = space["make"]
    return factory
