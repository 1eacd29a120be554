"""Feature flags: create, read, change, switch on and off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, NamedTuple, Unpack

from variate.definition.audit import ChangeLog
from variate.definition.flag_references import FlagReferences, known_targeting, targeting_of
from variate.definition.newest import on_newest
from variate.definition.stale_flags import UNCHANGED_FOR, StaleFlags, StatusOf
from variate.errors import ConflictError, InvalidInputError
from variate.model import (
    MAX_DEFINITION_BYTES,
    MAX_DEPTH,
    Document,
    ExperimentStatus,
    FeatureFlag,
    FlagStatus,
    Json,
    Page,
)
from variate.model.listing import flag_filters
from variate.model.record import flag_record
from variate.model.rules import check_choice, check_id, check_whole
from variate.model.snapshot import check_environment
from variate.model.targeting_record import TargetingFields, read_targeting, rules_record, targeting_record
from variate.stores.ports import FlagStore
from variate.stores.sifting import Sifting


class _Parts(NamedTuple):
    rules: Document
    targeting: Document | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The feature flags. Each change and its audit entry are one atomic step in ``store``.

    A flag with any of ``TargetingFields`` has typed variations, and its rules are read, checked and evaluated. A flag
    with none has free-form rules: any JSON, kept as it is. Changes raise as those of ``Experiments`` do.
    """

    store: FlagStore
    log: ChangeLog
    references: FlagReferences
    announce: Callable[[], object]
    stale: StaleFlags = field(default_factory=StaleFlags)

    def create_feature_flag(
        self,
        name: str,
        *,
        description: str = "",
        rules: Json = (),
        status: str = FlagStatus.INACTIVE,
        flag_id: str | None = None,
        actor: str | None = None,
        **targeting: Unpack[TargetingFields],
    ) -> FeatureFlag:
        """Store and return a new flag; raise ``ConflictError`` if ``flag_id`` is given and taken."""
        at = self.log.clock()
        key = self.log.new_id() if flag_id is None else check_id("flag_id", flag_id)
        parts = self._parts(key, rules, targeting or None)
        flag = FeatureFlag(
            id=key,
            name=name,
            description=description,
            rules=parts.rules,
            targeting=parts.targeting,
            status=check_choice("status", status, FlagStatus),
            created_at=at,
            updated_at=at,
        )
        entry = self.log.entry("flag", flag.id, "created", {"flag": flag_record(flag)}, actor=actor, at=at)
        self.store.insert(flag, audit=entry)
        self.announce()
        return flag

    def get_feature_flag(self, flag_id: str) -> FeatureFlag | None:
        """Return the flag, or None."""
        return self.store.get(check_id("flag_id", flag_id))

    def list_feature_flags(
        self,
        *,
        status: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
        text: str | None = None,
        mentions: Iterable[str] | None = None,
        limit: int = 100,
        last_key: str | None = None,
    ) -> Page[FeatureFlag]:
        """Return a page of flags, most recently updated first.

        With ``owner`` or ``tag``, those whose targeting has it: free-form flags have neither. With ``text``, those
        whose id, name or description contains it, however either writes the letters A to Z. Spaces around it do not
        count, and an empty one leaves all. With ``mentions``, those that may name one of these ids:
        see ``FlagFilters``.
        """
        filters = flag_filters(status=status, owner=owner, tag=tag, text=text, mentions=mentions)
        return self.store.list(limit=limit, last_key=last_key, **filters)

    def list_stale_flags(
        self,
        *,
        unchanged_days: int = UNCHANGED_FOR.days,
        status: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
        text: str | None = None,
        limit: int = 100,
        last_key: str | None = None,
    ) -> Page[FeatureFlag]:
        """Return a page of the flags that have done their work, most recently updated first; see ``StaleFlags.reason``.

        Of these those that ``list_feature_flags`` finds with the other filters.
        """
        length = timedelta(days=check_whole("unchanged_days", unchanged_days, minimum=1, maximum=36_500))
        at, status_of = self.log.clock(), self._experiment_status()
        filters = flag_filters(status=status, owner=owner, tag=tag, text=text, mentions=None)
        filters["unchanged_since"] = at - length
        read = partial(self.store.list, **filters)
        is_stale = partial(self._stale_reason, status_of=status_of, at=at, unchanged_for=length)
        listing = Sifting(read, lambda flag: is_stale(flag) is not None, of=("stale", unchanged_days))
        return listing.page(limit=limit, last_key=last_key)

    def stale_reasons(
        self, flags: Iterable[FeatureFlag], *, unchanged_days: int = UNCHANGED_FOR.days
    ) -> Mapping[str, str]:
        """Return why those of the flags that are stale are so, by id; see ``StaleFlags.reason``."""
        length = timedelta(days=check_whole("unchanged_days", unchanged_days, minimum=1, maximum=36_500))
        at, status_of = self.log.clock(), self._experiment_status()
        found = {flag.id: self._stale_reason(flag, status_of=status_of, at=at, unchanged_for=length) for flag in flags}
        return {flag_id: reason for flag_id, reason in found.items() if reason is not None}

    def _stale_reason(
        self, flag: FeatureFlag, *, status_of: StatusOf, at: datetime, unchanged_for: timedelta
    ) -> str | None:
        environments = tuple(self.references.environments)
        return self.stale.reason(
            flag, environments=environments, status_of=status_of, at=at, unchanged_for=unchanged_for
        )

    def _experiment_status(self) -> StatusOf:
        """Return what reads each experiment's status once."""

        @cache
        def status_of(experiment_id: str) -> ExperimentStatus | None:
            found = self.references.experiments.get(experiment_id)
            return None if found is None else found.status

        return status_of

    def get_active_feature_flags(self, *, limit: int = 100, last_key: str | None = None) -> Page[FeatureFlag]:
        """Return a page of the active flags, most recently updated first."""
        return self.store.list(status=FlagStatus.ACTIVE, limit=limit, last_key=last_key)

    def update_feature_flag(
        self,
        flag_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        rules: Json = None,
        expected_revision: int | None = None,
        actor: str | None = None,
        **targeting: Unpack[TargetingFields],
    ) -> FeatureFlag:
        """Change what is given (not None); of the targeting, the fields that are given.

        A flag with free-form rules that is given targeting is evaluated from then on.
        """

        def change(before: FeatureFlag) -> FeatureFlag:
            after = self.updated(before, rules=rules, targeting=targeting)
            return replace(
                after,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
            )

        return self._write(flag_id, change, "updated", expected_revision=expected_revision, actor=actor)

    def updated(self, before: FeatureFlag, *, rules: Json, targeting: TargetingFields) -> FeatureFlag:
        """Return the flag as ``update_feature_flag`` with this would leave it, and raise what that would raise."""
        if rules is None and not targeting:
            return before
        standing = {} if before.targeting is None else before.targeting.value
        wanted = {**standing, **targeting} or None
        parts = self._parts(before.id, before.rules.value if rules is None else rules, wanted, before=before)
        return replace(before, rules=parts.rules, targeting=parts.targeting)

    def update_flag_environment(
        self,
        flag_id: str,
        environment: str,
        *,
        expected_revision: int | None = None,
        actor: str | None = None,
        **state: Any,
    ) -> FeatureFlag:
        """Change what is given of the flag's state in one environment.

        ``state`` is any of enabled, rules, default, off, starts_at and ends_at. What is None there, or was never
        given, is as in the flag itself.
        """
        check_environment("environment", environment)
        return self._write(
            flag_id,
            lambda before: self.environment_updated(before, environment, state),
            "environment_updated",
            expected_revision=expected_revision,
            actor=actor,
        )

    def environment_updated(self, before: FeatureFlag, environment: str, state: Mapping[str, Any]) -> FeatureFlag:
        """Return the flag as ``update_flag_environment`` with this would leave it, and raise what that would raise."""

        def changed(states: Mapping[str, Any]) -> dict[str, Any]:
            return {**states, environment: {**states.get(environment, {}), **state}}

        return self._with_environments(before, changed)

    def promote_feature_flag(
        self,
        flag_id: str,
        *,
        source: str,
        target: str,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> FeatureFlag:
        """Make the flag in the environment ``target`` as it is in ``source``.

        Where nothing is said of ``source``, that is as it is everywhere; so both have to be environments there are.
        """
        check_environment("source", source)
        check_environment("target", target)

        def promoted(states: Mapping[str, Any]) -> dict[str, Any]:
            self.references.check_environment("source", source, standing=states)
            self.references.check_environment("target", target, standing=states)
            others = {name: state for name, state in states.items() if name != target}
            return {**others, target: states[source]} if source in states else others

        return self._write(
            flag_id,
            lambda before: self._with_environments(before, promoted),
            "promoted",
            expected_revision=expected_revision,
            actor=actor,
        )

    def update_feature_flag_status(
        self, flag_id: str, status: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> FeatureFlag:
        """Set the flag's status; to the one it has, nothing happens.

        What an archived flag names is looked up when it comes back: it may have gone meanwhile.
        """
        chosen = check_choice("status", status, FlagStatus)

        def change(before: FeatureFlag) -> FeatureFlag:
            comes_back = before.status is FlagStatus.ARCHIVED and chosen is not FlagStatus.ARCHIVED
            targeting = targeting_of(before) if comes_back else None
            if targeting is not None:
                self.references.check_named(flag_id, targeting)
            return replace(before, status=chosen)

        return self._write(flag_id, change, "status_change", expected_revision=expected_revision, actor=actor)

    def archive_feature_flag(self, flag_id: str, *, actor: str | None = None) -> FeatureFlag:
        """Take the flag out of use; it is kept."""
        return self.update_feature_flag_status(flag_id, FlagStatus.ARCHIVED, actor=actor)

    def _parts(
        self, flag_id: str, rules: Json, given: Mapping[str, Any] | None, *, before: FeatureFlag | None = None
    ) -> _Parts:
        """Return the rules and the targeting as they are kept: in canonical form, where they are not free.

        What they name is looked up where it is not as ``before``: who switches a flag off is not to be kept from that
        by something else that is gone. Of what cannot be read everything is looked up, so that it can be mended.
        """
        if given is None:
            return _Parts(self._free(rules, before), None)
        targeting = read_targeting(given, rules)
        standing = None if before is None else known_targeting(before)
        self.references.check_change(flag_id, targeting, before=standing)
        if before is not None:
            self.references.check_dependents(flag_id, targeting, before=standing)
        parts = _Parts(
            _document("rules", rules_record(targeting.rules)), _document("targeting", targeting_record(targeting))
        )
        size = len(parts.rules.text.encode()) + len((parts.targeting or parts.rules).text.encode())
        if size > MAX_DEFINITION_BYTES:
            raise InvalidInputError("rules", f"and targeting must be at most {MAX_DEFINITION_BYTES} bytes, not {size}")
        return parts

    def _free(self, rules: Json, before: FeatureFlag | None) -> Document:
        """Return free-form rules as they are kept, unless another flag requires what the flag gave without them."""
        free = _document("rules", rules)
        if (
            before is not None
            and targeting_of(before) is not None
            and targeting_of(replace(before, rules=free)) is None
        ):
            self.references.check_independent(before.id)
        return free

    def _with_environments(
        self, before: FeatureFlag, changed: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> FeatureFlag:
        standing = {} if before.targeting is None else before.targeting.value
        states = changed(standing.get("environments", {}))
        if states == standing.get("environments", {}):
            return before
        parts = self._parts(before.id, before.rules.value, {**standing, "environments": states}, before=before)
        return replace(before, rules=parts.rules, targeting=parts.targeting)

    def _write(
        self,
        flag_id: str,
        change: Callable[[FeatureFlag], FeatureFlag],
        action: str,
        *,
        expected_revision: int | None,
        actor: str | None,
    ) -> FeatureFlag:
        def write(before: FeatureFlag) -> FeatureFlag:
            after = change(before)
            if after != before:
                at = self.log.clock()
                after = replace(after, revision=before.revision + 1, updated_at=at)
                entry = self.log.entry("flag", flag_id, action, _differences(before, after), actor=actor, at=at)
                self.store.replace(after, expected_revision=before.revision, audit=entry)
                try:
                    self._withdraw_if_it_leads_back(before, after, actor)
                except BaseException:
                    self.announce()  # whatever came of the second look, the change is stored
                    raise
            self.announce()  # also of nothing: an earlier call may have died between its commit and its delivery
            return after

        return on_newest("flag", flag_id, read=self.store.get, write=write, expected_revision=expected_revision)

    def _withdraw_if_it_leads_back(self, before: FeatureFlag, after: FeatureFlag, actor: str | None) -> None:
        """Look again, now that both are stored, whether another writer made a circle of prerequisites with this one.

        Then undo this change and raise ``InvalidInputError``. The other one may do so, too.
        """
        if after.targeting is None or after.targeting == before.targeting:
            return
        kept, standing = after.targeting.value, {} if before.targeting is None else before.targeting.value
        if kept["prerequisites"] in ([], standing.get("prerequisites")):
            return
        try:
            self.references.check_prerequisites(after.id, read_targeting(kept, after.rules.value))
        except InvalidInputError:
            at = self.log.clock()
            back = replace(before, revision=after.revision + 1, updated_at=at)
            entry = self.log.entry("flag", after.id, "withdrawn", _differences(after, back), actor=actor, at=at)
            with suppress(ConflictError):  # then somebody else has changed it again
                self.store.replace(back, expected_revision=after.revision, audit=entry)
            raise


def _document(field: str, value: Json) -> Document:
    return Document.of(value, field=field, max_bytes=MAX_DEFINITION_BYTES, max_depth=MAX_DEPTH)


def _differences(before: FeatureFlag, after: FeatureFlag) -> Json:
    if before.status is not after.status:
        return {"previous_status": before.status, "new_status": after.status}
    old, new = flag_record(before), flag_record(after)
    carried = {"id", "revision", "created_at", "updated_at", "status"}
    changed = [key for key in old | new if key not in carried and old.get(key) != new.get(key)]
    return {"before": {key: old.get(key) for key in changed}, "after": {key: new.get(key) for key in changed}}
