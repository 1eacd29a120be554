"""What a flag names has to be there, fit, and not lead back to the flag."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Unpack

from variate.definition.chains import naming, reached, steps
from variate.definition.references import References
from variate.definition.value_schemas import check_schema
from variate.errors import DecryptionError, InvalidInputError
from variate.model import Experiment, FeatureFlag, FlagStatus
from variate.model.listing import FlagFilters
from variate.model.page import every_page
from variate.model.reading import NOT_OF_FORM
from variate.model.rules import shown
from variate.model.targeting import FlagRule, ServeExperiment, Targeting
from variate.model.targeting_record import read_targeting
from variate.stores.ports import ExperimentStore, FlagStore

MAX_CHAIN = 100
"""How long a chain of prerequisites may be."""
MAX_STEPS = 2_000
"""How many flags may be evaluated for one prerequisite: one that two others require is evaluated for each."""
_LEVELS_SEARCHED = 4
_IDS_SEARCHED = 20
"""How many levels of flags that require a flag, and how many on one, are searched for before every flag is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagReferences:
    """Looks up the audiences, experiments and flags that a flag names. ``environments`` are all there are."""

    references: References
    experiments: ExperimentStore
    flags: FlagStore
    environments: Collection[str]

    def check_change(self, flag_id: str, targeting: Targeting, *, before: Targeting | None) -> None:
        """Raise ``InvalidInputError`` naming the field that names what is not there, does not fit, or leads back.

        Looked up is what is not as ``before`` (None: there was nothing); what stood there may stay.
        """
        standing: Collection[str] = () if before is None else before.environments
        for environment in targeting.environments:
            self.check_environment("environments", environment, standing=standing)
        if before is None or _naming(before) != _naming(targeting):
            self.check_named(flag_id, targeting)

    def check_named(self, flag_id: str, targeting: Targeting) -> None:
        """Raise as ``check_change`` does of all that the flag names, whatever stood there."""
        check_schema(targeting)
        for field, rules in _rules(targeting):
            for place, rule in enumerate(rules):
                self._check_rule(f"{field}[{place}]", rule, targeting)
        self.check_prerequisites(flag_id, targeting)

    def check_environment(self, field: str, environment: str, *, standing: Collection[str]) -> None:
        """Raise ``InvalidInputError`` for ``field`` unless there is this environment, or it is among ``standing``."""
        if environment not in self.environments and environment not in standing:
            raise InvalidInputError(field, f"must be among {', '.join(self.environments)}, not {shown(environment)}")

    def _check_rule(self, field: str, rule: FlagRule, targeting: Targeting) -> None:
        self.references.check_condition(f"{field}.condition", rule.condition)
        if not isinstance(rule.serve, ServeExperiment):
            return
        experiment = self.experiments.get(rule.serve.experiment_id)
        if experiment is None:
            raise InvalidInputError(
                f"{field}.serve.experiment", f"names {shown(rule.serve.experiment_id)}, which is not there"
            )
        lacking = _lacking(experiment, targeting)
        if lacking:
            raise InvalidInputError(
                f"{field}.serve.experiment",
                f"has the variation {lacking[0]!r}, and the flag none of that name to serve",
            )

    def check_prerequisites(self, flag_id: str, targeting: Targeting) -> None:
        """Raise ``InvalidInputError`` where a prerequisite is not there, cannot give what it has to, or leads back."""
        for place, prerequisite in enumerate(targeting.prerequisites):
            field = f"prerequisites[{place}]"
            found = self._targeting(prerequisite.flag_id)
            if found is None or prerequisite.flag_id == flag_id:
                said = "leads back to this flag" if prerequisite.flag_id == flag_id else "is not there"
                raise InvalidInputError(f"{field}.flag", f"names {shown(prerequisite.flag_id)}, which {said}")
            for name in prerequisite.variations:
                if name not in found.names:
                    raise InvalidInputError(
                        f"{field}.variations", f"must be among {', '.join(found.names)}, not {shown(name)}"
                    )
            self._check_chain(field, flag_id, found)

    def _check_chain(self, field: str, flag_id: str, first: Targeting) -> None:
        """Follow what the prerequisite depends on in its turn."""
        named = cache(self._known_needs)
        if flag_id in reached(_needs(first), named):
            raise InvalidInputError(f"{field}.flag", "leads back to this flag")
        too_much = _too_much(_needs(first), named)
        if too_much:
            raise InvalidInputError(f"{field}.flag", f"depends on {too_much}")

    def check_dependents(self, flag_id: str, targeting: Targeting, *, before: Targeting | None) -> None:
        """Raise ``InvalidInputError`` where another flag requires what is no longer there, or a chain grows too long.

        ``before`` is None where nobody knows what the flag was.
        """
        if before is None or set(before.names) - set(targeting.names):
            for other, name in self._required(flag_id):
                if name not in targeting.names:
                    raise InvalidInputError("variations", f"must have {name!r}: flag {other!r} requires it")
        if set(_needs(targeting)) - set(() if before is None else _needs(before)):
            self._check_chains(flag_id, targeting)

    def _check_chains(self, flag_id: str, targeting: Targeting) -> None:
        """Look at the flags that require this one, and at those that require them: no chain grows too long below."""
        needs = {**self._dependents(flag_id), flag_id: _needs(targeting)}
        required = {name for names in needs.values() for name in names}

        @cache
        def named(name: str) -> Sequence[str]:
            return needs[name] if name in needs else self._known_needs(name)

        for each in sorted(required & needs.keys()):
            too_much = _too_much(needs[each], named)
            if too_much:
                raise InvalidInputError("prerequisites", f"make flag {each!r} depend on {too_much}")

    def _dependents(self, flag_id: str) -> dict[str, Sequence[str]]:
        """Return what each flag requires that requires this one, directly or through others.

        They are searched a level at a time; where there are many, or many levels, every flag is read once instead.
        """
        found: dict[str, Sequence[str]] = {}
        ahead = {flag_id}
        for _ in range(_LEVELS_SEARCHED):
            if not ahead or len(ahead) > _IDS_SEARCHED:
                break
            level = self._needs_of_all(mentions=tuple(sorted(ahead)))
            ahead = {
                name
                for name, names in level.items()
                if name != flag_id and name not in found and not ahead.isdisjoint(names)
            }
            found |= {name: level[name] for name in ahead}
        if not ahead:
            return found
        every = self._needs_of_all()
        return {name: every[name] for name in naming(every, flag_id) if name != flag_id}

    def _needs_of_all(self, **filters: Unpack[FlagFilters]) -> dict[str, Sequence[str]]:
        """Return what each flag requires of those that the store finds.

        One that cannot be read is not served either, so it keeps no other from changing.
        """
        found = {flag.id: known_targeting(flag) for page in every_page(self.flags.list, **filters) for flag in page}
        return {name: _needs(each) for name, each in found.items() if each is not None}

    def _known_needs(self, flag_id: str) -> Sequence[str]:
        """Return what a flag requires; nothing where it is not there or cannot be read."""
        try:
            flag = self.flags.get(flag_id)
        except (InvalidInputError, DecryptionError):
            return ()
        found = None if flag is None else known_targeting(flag)
        return () if found is None else _needs(found)

    def check_independent(self, flag_id: str) -> None:
        """Raise ``InvalidInputError`` where another flag requires a variation of this one, which becomes free-form."""
        for other, name in self._required(flag_id):
            raise InvalidInputError("rules", f"cannot be free-form: flag {other!r} requires {name!r} of this one")

    def check_served(self, experiment: Experiment) -> None:
        """Raise ``InvalidInputError`` where a flag that serves the experiment lacks one of its variations."""
        for flag_id, targeting in self._in_use(experiment.id):
            lacking = _lacking(experiment, targeting)
            if lacking and experiment.id in targeting.experiments:
                raise InvalidInputError(
                    "variations",
                    f"must not have {lacking[0]!r}: flag {flag_id!r} serves the experiment and has none of that name",
                )

    def _required(self, flag_id: str) -> Iterator[tuple[str, str]]:
        """Yield each flag that requires a variation of this one, with the variation's name."""
        for other, targeting in self._in_use(flag_id):
            for prerequisite in targeting.prerequisites:
                if prerequisite.flag_id == flag_id:
                    yield from ((other, name) for name in prerequisite.variations)

    def _in_use(self, named: str) -> Iterator[tuple[str, Targeting]]:
        """Yield the id and targeting of each flag that may name this id, and maybe of others.

        What is archived or cannot be read is looked up when it comes back.
        """
        for flag in (each for page in every_page(self.flags.list, mentions=(named,)) for each in page):
            targeting = None if flag.status is FlagStatus.ARCHIVED else known_targeting(flag)
            if targeting is not None:
                yield flag.id, targeting

    def _targeting(self, flag_id: str) -> Targeting | None:
        flag = self.flags.get(flag_id)
        return None if flag is None else targeting_of(flag)


def _too_much(first: Sequence[str], named: Callable[[str], Sequence[str]]) -> str | None:
    """Return in words what is beyond the limits among those that a flag requires; None where nothing is."""
    if len(reached(first, named)) > MAX_CHAIN:
        return f"more than {MAX_CHAIN} flags"
    if steps(first, named) > MAX_STEPS:
        return f"flags that take more than {MAX_STEPS:,} evaluations, one for each way that leads to one"
    return None


def targeting_of(flag: FeatureFlag) -> Targeting | None:
    """Return the flag's targeting; of one with no rules at all, on and off; None where its rules are free-form."""
    if flag.targeting is not None:
        return read_targeting(flag.targeting.value, flag.rules.value)
    return read_targeting({}, []) if flag.rules.value in ([], {}) else None


def known_targeting(flag: FeatureFlag) -> Targeting | None:
    """Return the flag's targeting; None where its rules are free-form, and where it cannot be read."""
    try:
        return targeting_of(flag)
    except NOT_OF_FORM:
        return None


def _naming(targeting: Targeting) -> Any:
    """Return the part of a targeting that names other things, or is named."""
    states = {name: state.rules for name, state in targeting.environments.items() if state.rules}
    return targeting.type, targeting.schema, targeting.variations, targeting.rules, targeting.prerequisites, states


def _needs(targeting: Targeting) -> list[str]:
    return [each.flag_id for each in targeting.prerequisites]


def _lacking(experiment: Experiment, targeting: Targeting) -> list[str]:
    """Return the experiment's variations of which the flag has none of the same name."""
    return sorted({each.name for each in experiment.variations} - set(targeting.names))


def _rules(targeting: Targeting) -> Iterator[tuple[str, tuple[FlagRule, ...]]]:
    yield "rules", targeting.rules
    for environment, state in targeting.environments.items():
        yield f"environments.{environment}.rules", state.rules or ()
