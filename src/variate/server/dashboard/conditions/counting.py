"""How many of a sample a condition matches, decided as units are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from variate.decision.conditions import Matcher, compile_condition
from variate.decision.tolerant import tolerantly
from variate.model import Json
from variate.model.audience import Audience
from variate.model.condition import AllOf, AnyOf, Comparison, Condition, Negation, read_condition
from variate.model.operators import Operator
from variate.server.dashboard.conditions.sample import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What is said of a sample, and further words about it."""

    said: str
    notes: tuple[str, ...] = ()


NOT_YET = Count(said="Complete the rows to see how many units match.")


def count(condition: Json | None, sample: Sample, *, audience: Callable[[str], Audience | None]) -> Count:
    """Return how many units of the sample match; ``audience`` gives one by its id. None matches every unit."""
    if not sample.units:
        return Count(said="No unit met a variation in the last 7 days: paste a sample of your own to count.")
    total = len(sample.units)
    matching = total
    unseen: tuple[str, ...] = ()
    if condition is not None:
        read = read_condition("condition", condition)
        matches = _Matchers(audience).of(read)
        matching = sum(tolerantly(matches, unit.encode(), attributes) for unit, attributes in sample.units.items())
        seen = set(sample.names)
        unseen = tuple(dict.fromkeys(name for name in _asked(read) if not _is_among(name, seen)))
    said = f"{matching:,} of {total:,} units {sample.of} match ({_percent(matching, total)} %)"
    notes = [f"No unit of the sample has {name}." for name in unseen]
    if not sample.pasted:
        notes.append("This is a sample: units that met a variation, by the dimensions of their exposures, all texts.")
    return Count(said=said, notes=tuple(notes))


class _Matchers:
    """The functions of audiences, each made when it is first named. Nobody is in one that is not there."""

    def __init__(self, audience: Callable[[str], Audience | None]) -> None:
        self._audience = audience
        self._made: dict[str, Matcher] = {}

    def of(self, condition: Condition) -> Matcher:
        """Return the function of a condition."""
        return compile_condition(condition, matcher=self._named)

    def _named(self, audience_id: str) -> Matcher:
        if audience_id not in self._made:
            self._made[audience_id] = lambda _unit, _attributes: False  # also where it should lead back to itself
            found = self._audience(audience_id)
            if found is not None:
                self._made[audience_id] = self.of(found.condition)
        return self._made[audience_id]


def _asked(condition: Condition) -> Iterator[str]:
    """Yield the attributes that have to be there."""
    match condition:
        case Comparison(attribute=attribute, operator=operator) if operator is not Operator.NOT_EXISTS:
            yield attribute
        case AllOf(conditions) | AnyOf(conditions):
            for each in conditions:
                yield from _asked(each)
        case Negation(inner):
            yield from _asked(inner)


def _is_among(name: str, seen: set[str]) -> bool:
    return name in seen or any(each.startswith(f"{name}.") for each in seen)


def _percent(part: int, whole: int) -> str:
    """Return the share in whole percent; what is neither nothing nor all is not said to be."""
    share = 100 * part / whole
    if 0 < share < 1:
        return "less than 1"
    return "more than 99" if 99 < share < 100 else f"{share:.0f}"
