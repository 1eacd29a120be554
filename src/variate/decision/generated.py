"""Functions made from source text: compiled once for all definitions of one shape.

A closure for each step of a decision costs a call each; text that holds the steps of one definition costs none. The
text names no value of a definition: what differs between definitions of a shape is put in among the constants of the
compiled code, where to fetch it costs least. (A variable that a function is closed over is copied at each call, asked
for or not.) All of the text is ours, therefore: what a definition says goes into the values only.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

import mmh3

from variate.decision.constants import Constants
from variate.decision.kinds import (
    LISTS,
    MISSING,
    NUMBERS,
    SIZED,
    has_other_scalar_than,
    holds,
    meets,
    meets_texts,
    scalar_key,
)
from variate.model.decision import Decision
from variate.model.networks import ADDRESSES
from variate.model.patterns import found_in
from variate.model.timestamps import MOMENTS, moment_key

Compiled = Callable[..., Any]

NAMES: dict[str, Any] = {
    "ADDRESSES": ADDRESSES,
    "Decision": Decision,
    "LISTS": LISTS,
    "MISSING": MISSING,
    "MOMENTS": MOMENTS,
    "NUMBERS": NUMBERS,
    "SIZED": SIZED,
    "bisect_right": bisect_right,
    "found_in": found_in,
    "has_other_scalar_than": has_other_scalar_than,
    "holds": holds,
    "meets": meets,
    "meets_texts": meets_texts,
    "moment_key": moment_key,
    "murmur3": mmh3.mmh3_32_uintdigest,
    "scalar_key": scalar_key,
}
"""What the text may name besides the built-in names, its parameters and its own variables."""


def build(lines: Sequence[str], constants: Constants) -> Compiled:
    """Return the function of ``unit`` and ``attributes`` with these lines as its body."""
    return FunctionType(constants.put_into(_code("\n".join(lines))), NAMES)


@lru_cache(maxsize=4_096)
def _code(body: str) -> CodeType:
    indented = "\n".join(f"    {line}" for line in body.split("\n"))
    module = compile(f"def decide(unit, attributes):\n{indented}\n", "<variate decision>", "exec")
    return next(each for each in module.co_consts if isinstance(each, CodeType))
