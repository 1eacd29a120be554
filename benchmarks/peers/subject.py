"""What is raced: a library's ways to do the three pieces of work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from benchmarks.peers.workload import Person

OURS = "variate"
"""The name of our subject."""

T = TypeVar("T")

Turn: TypeAlias = Callable[[Sequence[Person]], Any]
"""Decides for each of the people, as an application would, with a fresh dict of attributes; returns the last answer.

The loop is the subject's own, so that no call of ours stands between the clock and the library.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[T]):
    """One piece of work: the call, as a line names it, the turn, and how to read an answer of the turn."""

    call: str
    turn: Turn
    read: Callable[[Any], T]

    def answer_to(self, person: Person) -> Any:
        """Return the library's answer for one of the people, from the turn that is timed."""
        return self.turn((person,))


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
