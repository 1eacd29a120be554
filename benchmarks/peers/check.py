"""Whether a subject really decides what the workload says, before a figure of it is worth anything."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers.subject import Subject
from benchmarks.peers.workload import EXPERIMENT, ROLLOUT, VARIATIONS, Workload

_FOR_ALL_FLAGS = 20
"""People for whom all flags are evaluated: each of them answers for a hundred."""


def faults(subject: Subject, workload: Workload) -> Iterator[str]:
    """Yield what the subject answers otherwise than it should."""
    yield from _of_the_experiment(subject, workload)
    yield from _of_the_flag(subject, workload)
    yield from _of_all_flags(subject, workload)


def _of_the_experiment(subject: Subject, workload: Workload) -> Iterator[str]:
    work = subject.experiment
    given = [work.given_to(person)[0] for person in workload.people]
    if strange := set(given) - set(VARIATIONS):
        yield f"{EXPERIMENT} gave {sorted(map(str, strange))}"
    yield from _share(given.count(VARIATIONS[1]), of=len(given), percent=50, what=f"{EXPERIMENT}: treatment")


def _of_the_flag(subject: Subject, workload: Workload) -> Iterator[str]:
    flag = workload.flags[0]
    on: dict[int, list[bool]] = {rule: [] for rule in range(4)}
    reasons: dict[int, set[str]] = {rule: set() for rule in range(4)}
    for person in workload.people:
        rule = flag.rule_of(person)
        value, answer = subject.flag.given_to(person)
        on[rule].append(value)
        if subject.why is not None:
            reasons[rule].add(subject.why(answer))
    for rule in (1, 2, 3):
        if not on[rule] or not all(on[rule]):
            yield f"{flag.id}: rule {rule} matches {len(on[rule])}, on for {sum(on[rule])}"
        if subject.why is not None and (len(reasons[rule]) != 1 or reasons[rule] & reasons[0]):
            yield f"{flag.id}: rule {rule} is said to be {sorted(reasons[rule])}"
    if subject.why is not None and len(set.union(*(reasons[rule] for rule in (1, 2, 3)))) != 3:
        yield f"{flag.id}: the reasons do not tell the rules apart"
    yield from _share(sum(on[0]), of=len(on[0]), percent=ROLLOUT, what=f"{flag.id}: rollout")


def _of_all_flags(subject: Subject, workload: Workload) -> Iterator[str]:
    rolled: list[bool] = []
    for person in workload.people[:_FOR_ALL_FLAGS]:
        values, _ = subject.flags.given_to(person)
        if set(values) != {flag.id for flag in workload.flags}:
            yield f"all flags: {len(values)} values for {len(workload.flags)} flags"
            return
        rolled += [values[flag.id] for flag in workload.flags if not flag.rule_of(person)]
        yield from (
            f"{flag.id}: off for {person}, whom a rule matches"
            for flag in workload.flags
            if flag.rule_of(person) and not values[flag.id]
        )
    yield from _share(sum(rolled), of=len(rolled), percent=ROLLOUT, what="all flags: rollout")


def _share(count: int, *, of: int, percent: int, what: str) -> Iterator[str]:
    """Yield a fault where the count is more than five standard deviations of chance away from its share."""
    share = percent / 100
    if of < 500 or abs(count - share * of) > 5 * (share * (1 - share) * of) ** 0.5:
        yield f"{what}: {count} of {of} where {percent} % should be"
