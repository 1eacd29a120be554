"""What is raced: a library's ways to do the three pieces of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from benchmarks.peers.workload import Person

OURS = "variate"
"""The name of our subject."""

T = TypeVar("T")

Turn: TypeAlias = Callable[[Sequence[Person]], tuple[Any, Any]]
"""Decides for each of the people as an application would, from a fresh dict of attributes to the value it goes on with.

Returns the last value, and the answer it came in. The loop is the subject's own, so that no call of ours stands between
the clock and the library.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[T]):
    """One piece of work: the call, as a line names it, the turn, and what the value of a turn says."""

    call: str
    turn: Turn
    read: Callable[[Any], T]

    def given_to(self, person: Person) -> tuple[T, Any]:
        """Return what one of the people gets, from the turn that is timed, and the library's answer."""
        value, answer = self.turn((person,))
        return self.read(value), answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A library, or one of two ways to use it.

    ``why`` reads from a flag's answer which rule, or which rollout, gave it; None where the answer is a bare value.
    """

    name: str
    experiment: Work[str]
    flag: Work[bool]
    flags: Work[Mapping[str, bool]]
    why: Callable[[Any], str] | None = None
    close: Callable[[], object] = lambda: None

    @property
    def works(self) -> Iterator[tuple[str, Work[Any]]]:
        """The three, each with its name."""
        yield "experiment", self.experiment
        yield "flag", self.flag
        yield "flags", self.flags
