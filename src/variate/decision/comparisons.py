"""Comparisons compiled: each becomes the text of one Python expression.

The test of an attribute's kind comes first, and the cheap part of it first: ``type(v) is str`` for what nearly
everybody sends, ``isinstance`` for the subclasses of it, such as the members of a ``StrEnum``. Attributes hold values
of any kind, so nothing is ordered before its kind is known. Where a value is looked up among texts its kind does not
matter; for what has no hash see ``tolerant``.
"""

from __future__ import annotations

from collections.abc import Callable

from variate.decision.constants import Constants
from variate.decision.kinds import scalar_key
from variate.decision.versions import compared_versions
from variate.model.condition import Comparison
from variate.model.networks import network_edges
from variate.model.operators import Operator, Scalar
from variate.model.patterns import compiled_pattern
from variate.model.timestamps import moment_key


def comparison_source(comparison: Comparison, constants: Constants) -> str:
    """Return a parenthesised expression that is True where ``comparison`` matches, else False."""
    place = _Place(comparison.path, constants)
    if comparison.operator is Operator.NOT_EXISTS:
        return f"(not {place.within(f'{place.key} in {place.holder}')})"
    return place.within(*_TESTS[comparison.operator](place, comparison))


class _Place:
    """Where an attribute is found while the expression runs, and the tests of its kind."""

    def __init__(self, path: tuple[str, ...], constants: Constants) -> None:
        self.constants = constants
        self.holder = "attributes"
        self._leading: list[str] = []
        *outer, last = path
        for part in outer:
            inner = constants.local()
            self._leading.append(_is("dict", inner, f"{self.holder}.get({constants.literal(part)})"))
            self.holder = inner
        self.key = constants.literal(last)
        self.found = f"{self.holder}.get({self.key})"
        self.local = constants.local()

    def within(self, *tests: str) -> str:
        """Return the tests, made only where the dicts that lead to the attribute are there."""
        return f"({' and '.join((*self._leading, *tests))})"

    @property
    def or_missing(self) -> str:
        """The attribute where null and missing have to be told apart."""
        return f"{self.holder}.get({self.key}, MISSING)"

    @property
    def is_text(self) -> str:
        return _is("str", self.local, self.found)

    @property
    def is_number(self) -> str:
        local = self.local
        return (
            f"(type({local} := {self.found}) is int or type({local}) is float or {local} is not None"
            f" and isinstance({local}, NUMBERS) and type({local}) is not bool)"
        )

    @property
    def is_list(self) -> str:
        local = self.local
        return f"(type({local} := {self.found}) is list or isinstance({local}, LISTS))"


def _is(kind: str, local: str, found: str) -> str:
    return f"(type({local} := {found}) is {kind} or {local} is not None and isinstance({local}, {kind}))"


_Tests = Callable[[_Place, Comparison], tuple[str, ...]]


def _values(comparison: Comparison) -> tuple[Scalar, ...]:
    return comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)


def _are_texts(comparison: Comparison) -> bool:
    return all(isinstance(each, str) for each in _values(comparison))


def _keys(comparison: Comparison) -> frozenset[object]:
    return frozenset(map(scalar_key, _values(comparison)))


def _equality(place: _Place, comparison: Comparison) -> tuple[str, ...]:
    value, equals = comparison.value, comparison.operator is Operator.EQUALS
    if value is None:
        return (f"{place.or_missing} is None",)
    if isinstance(value, bool):
        return (f"{place.found} is {value if equals else not value}",)
    if isinstance(value, str) and equals:  # nothing of another kind equals it
        return (f"{place.found} == {place.constants.literal(value)}",)
    is_kind = place.is_text if isinstance(value, str) else place.is_number
    return is_kind, f"{place.local} {'==' if equals else '!='} {place.constants.literal(value)}"


def _is_in(place: _Place, comparison: Comparison) -> tuple[str, ...]:
    keys = place.constants.literal(_keys(comparison))
    if _are_texts(comparison):  # nothing of another kind is among them; for what has no hash see ``tolerant``
        return (f"{place.found} in {keys}",)
    if all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in _values(comparison)):
        return place.is_number, f"{place.local} in {keys}"
    return (f"scalar_key({place.or_missing}) in {keys}",)


def _is_not_in(place: _Place, comparison: Comparison) -> tuple[str, ...]:
    keys, local = place.constants.literal(_keys(comparison)), place.local
    others = f"has_other_scalar_than({local}, {keys})"
    return (f"({local} not in {keys} if type({local} := {place.or_missing}) is str else {others})",)


def _text(test: str) -> _Tests:
    def tests(place: _Place, comparison: Comparison) -> tuple[str, ...]:
        return place.is_text, test.format(place.local, place.constants.literal(comparison.value))

    return tests


def _pattern(place: _Place, comparison: Comparison) -> tuple[str, ...]:
    pattern = place.constants.literal(compiled_pattern(str(comparison.value)))
    return place.is_text, f"found_in({place.local}, {pattern}) is {comparison.operator is Operator.MATCHES}"


def _number(symbol: str) -> _Tests:
    def tests(place: _Place, comparison: Comparison) -> tuple[str, ...]:
        return place.is_number, f"{place.local} {symbol} {place.constants.literal(comparison.value)}"

    return tests


def _moment(symbol: str) -> _Tests:
    def tests(place: _Place, comparison: Comparison) -> tuple[str, ...]:
        local, constants = place.local, place.constants
        key = constants.local()
        return (
            f"({local} := {place.found}) is not None",
            f"({key} := MOMENTS[{local}] if type({local}) is str else moment_key({local})) is not None",
            f"{key} {symbol} {constants.literal(moment_key(comparison.value))}",
        )

    return tests


def _version(symbol: str) -> _Tests:
    def tests(place: _Place, comparison: Comparison) -> tuple[str, ...]:
        compared = place.constants.literal(compared_versions(symbol, str(comparison.value)))
        return (f"{compared}[{place.found}]",)

    return tests


def _network(place: _Place, comparison: Comparison) -> tuple[str, ...]:
    key = place.constants.local()
    edges = place.constants.literal(network_edges(map(str, _values(comparison))))
    return (
        place.is_text,
        f"({key} := ADDRESSES[{place.local}]) is not None",
        f"bisect_right({edges}, {key}) % 2 == {int(comparison.operator is Operator.IN_CIDR)}",
    )


def _inclusion(place: _Place, comparison: Comparison) -> tuple[str, ...]:
    value = comparison.value
    if isinstance(value, str) or value is None:  # nothing of another kind equals it
        test = f"({place.constants.literal(value)} in {place.local})"
    else:
        test = f"holds({place.local}, {place.constants.literal(scalar_key(value))})"
    return place.is_list, test if comparison.operator is Operator.INCLUDES else f"not {test}"


def _overlap(place: _Place, comparison: Comparison) -> tuple[str, ...]:
    function = "meets_texts" if _are_texts(comparison) else "meets"
    test = f"{function}({place.local}, {place.constants.literal(_keys(comparison))})"
    return place.is_list, test if comparison.operator is Operator.INCLUDES_ANY else f"not {test}"


def _size(symbol: str) -> _Tests:
    def tests(place: _Place, _comparison: Comparison) -> tuple[str, ...]:
        local = place.local
        return f"isinstance({local} := {place.found}, SIZED)", f"len({local}) {symbol} 0"

    return tests


_TESTS: dict[Operator, _Tests] = {
    Operator.EQUALS: _equality,
    Operator.NOT_EQUALS: _equality,
    Operator.IN: _is_in,
    Operator.NOT_IN: _is_not_in,
    Operator.CONTAINS: _text("{1} in {0}"),
    Operator.NOT_CONTAINS: _text("{1} not in {0}"),
    Operator.STARTS_WITH: _text("{0}.startswith({1})"),
    Operator.ENDS_WITH: _text("{0}.endswith({1})"),
    Operator.MATCHES: _pattern,
    Operator.NOT_MATCHES: _pattern,
    Operator.GREATER_THAN: _number(">"),
    Operator.GREATER_THAN_OR_EQUALS: _number(">="),
    Operator.LESS_THAN: _number("<"),
    Operator.LESS_THAN_OR_EQUALS: _number("<="),
    Operator.BEFORE: _moment("<"),
    Operator.AFTER: _moment(">"),
    Operator.SEMVER_EQUALS: _version("=="),
    Operator.SEMVER_NOT_EQUALS: _version("!="),
    Operator.SEMVER_GREATER_THAN: _version(">"),
    Operator.SEMVER_GREATER_THAN_OR_EQUALS: _version(">="),
    Operator.SEMVER_LESS_THAN: _version("<"),
    Operator.SEMVER_LESS_THAN_OR_EQUALS: _version("<="),
    Operator.IN_CIDR: _network,
    Operator.NOT_IN_CIDR: _network,
    Operator.INCLUDES: _inclusion,
    Operator.NOT_INCLUDES: _inclusion,
    Operator.INCLUDES_ANY: _overlap,
    Operator.NOT_INCLUDES_ANY: _overlap,
    Operator.EXISTS: lambda place, _: (f"{place.key} in {place.holder}",),
    Operator.IS_NULL: lambda place, _: (f"{place.or_missing} is None",),
    Operator.NOT_NULL: lambda place, _: (f"{place.found} is not None",),
    Operator.EMPTY: _size("=="),
    Operator.NOT_EMPTY: _size(">"),
}
