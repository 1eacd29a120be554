"""``Platform``: every operation as a typed method, on the stores that the settings choose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Unpack

from variate.assignment.ledger import Ledger
from variate.clock import Clock, IncreasingClock, new_event_id, new_id, utc_now
from variate.definition.audit import ChangeLog
from variate.definition.verifying import AuditVerification, verify
from variate.errors import InvalidInputError
from variate.model import AuditEntry, Page
from variate.model.audit import AuditFilters, checked_filters
from variate.model.rules import check_id, shown
from variate.model.snapshot import Publication, Snapshot, check_digest
from variate.platform.accessing import Accessing
from variate.platform.analysing import Analysing
from variate.platform.backends import Backends
from variate.platform.deciding import Deciding
from variate.platform.defining import Definitions
from variate.platform.delivery import Delivery
from variate.platform.health import Check, probes_of
from variate.platform.hot import HotValues, RateLimits
from variate.platform.profiles import open_backends
from variate.publishing.building import Problem
from variate.publishing.catalogue import Catalogue
from variate.publishing.publisher import Published, Publisher
from variate.publishing.relay import Relay
from variate.recording.batch import Reader
from variate.recording.committing import GroupCommit
from variate.recording.intake import Intake
from variate.settings import Settings

if TYPE_CHECKING:  # it comes with numpy, which only analyses wait for
    from variate.stores.aggregates import Advance

UNUSED_KEPT = timedelta(days=90)


class Platform:
    """The stages over one choice of stores. Thread-safe; nothing is touched before the first operation.

    Not to be carried across a fork: open one in the child, or use ``default_platform()``, which does.
    """

    def __init__(self, settings: Settings, backends: Backends, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self._backends = backends
        self._clock = IncreasingClock(clock)
        catalogue = Catalogue(
            experiments=backends.experiments,
            flags=backends.flags,
            audiences=backends.audiences,
            layers=backends.layers,
            holdouts=backends.holdouts,
            overrides=backends.overrides,
            clock=self._clock,
        )
        publisher = Publisher(
            catalogue=catalogue,
            store=backends.snapshots,
            announcements=backends.hot.announcements,
            environments=settings.all_environments,
            clock=self._clock,
            actor=settings.actor,
        )
        handlers = Delivery(backends, catalogue).handlers
        self.relay = Relay(
            backends.outboxes,
            handlers,
            publishing=frozenset(handlers),
            publish=self._publish_changes,
            deferred=self._expect_changes,
        )
        self._log = ChangeLog(clock=self._clock, new_id=new_id, actor=settings.actor)
        definitions = Definitions.over(backends, settings, log=self._log, announce=self.relay.announce)
        self._publisher = publisher
        self._deciding = Deciding.over(
            backends,
            settings,
            experiments=definitions.experiments,
            flags=definitions.flags,
            publisher=publisher,
            catch_up=self.relay.catch_up,
            clock=self._clock,
            wall_clock=clock,
        )
        reader = Reader(clock=self._clock, new_id=new_event_id)
        self._committing = GroupCommit(
            reader=reader,
            store=backends.events,
            writers=backends.event_writers,
            waiting=settings.service.intake_waiting,
        )
        hot = HotValues(
            cache=backends.hot.cache,
            aside=backends.hot.aside,
            experiment_at_rest=backends.experiment_at_rest,
            opened=backends.opened,
        )
        self.closed = False
        self.probes = probes_of(backends)
        """What looks at each engine, by its name: see ``checks``."""
        self._offer_definitions(definitions)
        self._offer_groups(definitions)
        self._offer_decisions(self._deciding)
        self._offer_records(self._deciding.ledger, Intake(store=backends.events, reader=reader), self._committing)
        self._offer_hot_values(hot, RateLimits(limiter=backends.hot.rate_limiter))
        analysing = Analysing(backends=backends, clock=self._clock, new_id=new_id)
        self.report_experiment = analysing.report_experiment
        self.get_report, self.list_reports = analysing.get_report, analysing.list_reports
        self.newest_reports = analysing.newest_reports
        self.check_aa = analysing.check_aa
        self._accessing = Accessing.over(backends, settings, log=self._log, wall_clock=clock)
        self._offer_access(self._accessing)

    @classmethod
    def open(cls, settings: Settings | None = None) -> Platform:
        """Return a platform on the stores that ``settings`` (the environment's, if None) choose.

        Raise ``ConfigurationError`` for settings that cannot be right and ``MissingExtraError`` for a driver that is
        not installed. No engine is touched yet.
        """
        chosen = Settings.from_environment() if settings is None else settings
        return cls(chosen, open_backends(chosen))

    def audit_log(
        self, *, limit: int = 100, last_key: str | None = None, **filters: Unpack[AuditFilters]
    ) -> Page[AuditEntry]:
        """Return a page of what was changed, most recent first: actor, action, data and created_at.

        ``filters`` is any of ``AuditFilters``: entity_type, entity_id, actor, action, since and until.
        """
        return self._backends.audit.list(limit=limit, last_key=last_key, **checked_filters(filters))

    def get_audit_entry(self, entry_id: str) -> AuditEntry | None:
        """Return the entry of the audit log of this id, or None."""
        return self._backends.audit.get(check_id("entry_id", entry_id))

    def verify_audit_log(self, *, head: str | None = None, advance: Advance | None = None) -> AuditVerification:
        """Go through the whole audit log and say whether it stands as it was written.

        With ``head``, a hash that an earlier verification returned, also whether all that was in the log then still
        is. ``advance`` is told how far it is.
        """
        return verify(self._backends.audit, noted=head, advance=advance)

    def publish_snapshot(
        self, environment: str | None = None, *, actor: str | None = None, reason: str = ""
    ) -> Published:
        """Bring the definitions as they are now into force, also after a rollback; return what is in force then."""
        chosen = self._environment(environment)
        before = self._backends.snapshots.latest(chosen)
        published = self._publisher.publish(chosen, actor=actor, reason=reason)
        self._deciding.serving.refresh()
        self._log_publication("published", published.publication, before=before, actor=actor, reason=reason)
        return published

    def rollback_snapshot(
        self, to: int | str, environment: str | None = None, *, actor: str | None = None, reason: str = ""
    ) -> Publication:
        """Bring an older snapshot into force, by its publication's sequence or its digest.

        Changes made after that are kept but not served, until ``publish_snapshot``. Raise ``NotFoundError`` where the
        environment has no such publication or snapshot, or it was purged.
        """
        chosen = self._environment(environment)
        before = self._backends.snapshots.latest(chosen)
        publication = self._publisher.rollback(chosen, to=to, actor=actor, reason=reason)
        self._deciding.serving.refresh()
        self._log_publication("rolled_back", publication, before=before, actor=actor, reason=reason)
        return publication

    def snapshot_problems(self, environment: str | None = None) -> Sequence[Problem]:
        """Return the definitions that cannot be served as they stand, with what is wrong and what is served instead."""
        return self._publisher.problems(self._environment(environment))

    def list_snapshots(
        self, environment: str | None = None, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Publication]:
        """Return the publications of an environment, the most recent first, of sequences below ``before``."""
        return self._backends.snapshots.publications(self._environment(environment), before=before, limit=limit)

    def get_snapshot(self, digest: str) -> Snapshot | None:
        """Return the snapshot of this digest, or None."""
        return self._backends.snapshots.get(check_digest("digest", digest))

    def migrate(self) -> list[str]:
        """Make every engine's tables what this version wants; return what was done. Safe to repeat and to race."""
        return [f"{name}: {step}" for name, engine in self._backends.engines.items() for step in engine.migrate()]

    def checks(self) -> list[Check]:
        """Look at each engine and return what was found."""
        return [probe() for probe in self.probes.values()]

    def purge_expired(self) -> dict[str, int]:
        """Delete what has expired from the engines that do not do so themselves; return how many of each.

        What has expired is never read, so this only frees space. Of the snapshots those go that have not been in force
        for 90 days: to them nobody can go back any more. And what is kept of analyses that nobody asked for in 90 days:
        the next report makes it again.
        """
        at = self._clock()
        return {
            "assignments": self._backends.assignments.purge(expired_before=at),
            "overrides": self._backends.overrides.purge(expired_before=at),
            "events": self._backends.events.purge(expired_before=at),
            "snapshots": self._backends.snapshots.purge(superseded_before=at - UNUSED_KEPT),
            "replies": self._backends.replies.purge(expired_before=at),
            "analyses": self._backends.purge_analyses(at - UNUSED_KEPT),
        }

    def close(self) -> None:
        """Write what waits to be written, for at most ``shutdown_seconds``, and let go of every connection.

        Safe to repeat.
        """
        if not self.closed:
            self.closed = True
            self._committing.close(timeout_seconds=self.settings.service.shutdown_seconds)
            self._deciding.close()
            self._accessing.close()
            self.relay.close()
            self._backends.close()

    def __enter__(self) -> Platform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _environment(self, given: str | None) -> str:
        """Return the environment that is meant; raise ``InvalidInputError`` for one that is none of the settings'."""
        if given is None:
            return self.settings.environment
        known = self.settings.all_environments
        if given not in known:
            raise InvalidInputError("environment", f"must be among {', '.join(known)}, not {shown(given)}")
        return given

    def _log_publication(
        self, action: str, publication: Publication, *, before: Publication | None, actor: str | None, reason: str
    ) -> None:
        """Log what somebody did on purpose; that it is done stands in the publications."""
        data = {
            "sequence": publication.sequence,
            "digest": publication.digest,
            "reason": reason,
            "before": None if before is None else {"sequence": before.sequence, "digest": before.digest},
        }
        entry = self._log.entry("snapshot", publication.environment, action, data, actor=actor, at=self._clock())
        self._backends.audit.append([entry])

    def _publish_changes(self) -> bool:
        try:
            return self._publisher.publish_changes()
        finally:
            self._deciding.changed()

    def _expect_changes(self) -> None:
        self._deciding.by_hand.forget()
        self._deciding.serving.expect_changes()

    def _offer_definitions(self, definitions: Definitions) -> None:
        experiments, flags, overrides = definitions.experiments, definitions.flags, definitions.overrides
        self.create_experiment = experiments.create_experiment
        self.get_experiment = experiments.get_experiment
        self.list_experiments = experiments.list_experiments
        self.list_active_experiments = experiments.list_active_experiments
        self.update_experiment = experiments.update_experiment
        self.update_experiment_status = experiments.update_experiment_status
        self.conclude_experiment = experiments.conclude_experiment
        self.update_experiment_with_override = experiments.update_experiment_with_override
        self.transfer_experiment_ownership = experiments.transfer_experiment_ownership
        self.archive_experiment = experiments.archive_experiment
        self.start_new_version = experiments.start_new_version
        self.launch_checklist = experiments.launch_checklist

        self.create_feature_flag = flags.create_feature_flag
        self.get_feature_flag, self.stale_reasons = flags.get_feature_flag, flags.stale_reasons
        self.list_feature_flags, self.list_stale_flags = flags.list_feature_flags, flags.list_stale_flags
        self.get_active_feature_flags = flags.get_active_feature_flags
        self.update_feature_flag = flags.update_feature_flag
        self.update_feature_flag_status = flags.update_feature_flag_status
        self.archive_feature_flag = flags.archive_feature_flag
        self.update_flag_environment = flags.update_flag_environment
        self.promote_feature_flag = flags.promote_feature_flag

        self.create_override = overrides.create_override
        self.get_override = overrides.get_override
        self.list_overrides = overrides.list_overrides
        self.get_user_overrides = overrides.get_user_overrides
        self.remove_override = overrides.remove_override
        self.list_all_overrides = overrides.list_all_overrides
        self.get_override_entry = overrides.get_override_entry
        self.create_flag_override = overrides.create_flag_override
        self.get_flag_override = overrides.get_flag_override
        self.list_flag_overrides = overrides.list_flag_overrides
        self.remove_flag_override = overrides.remove_flag_override

    def _offer_groups(self, definitions: Definitions) -> None:
        audiences, layers = definitions.audiences, definitions.layers
        holdouts, metrics = definitions.holdouts, definitions.metrics
        self.create_audience = audiences.create_audience
        self.get_audience = audiences.get_audience
        self.list_audiences = audiences.list_audiences
        self.update_audience = audiences.update_audience
        self.remove_audience = audiences.remove_audience
        self.create_layer = layers.create_layer
        self.get_layer = layers.get_layer
        self.list_layers = layers.list_layers
        self.update_layer = layers.update_layer
        self.remove_layer = layers.remove_layer
        self.create_holdout = holdouts.create_holdout
        self.get_holdout = holdouts.get_holdout
        self.list_holdouts = holdouts.list_holdouts
        self.update_holdout = holdouts.update_holdout
        self.remove_holdout = holdouts.remove_holdout
        self.create_metric = metrics.create_metric
        self.get_metric = metrics.get_metric
        self.list_metrics = metrics.list_metrics
        self.update_metric = metrics.update_metric
        self.remove_metric = metrics.remove_metric

    def _offer_decisions(self, deciding: Deciding) -> None:
        engine, assigning = deciding.serving.engine, deciding.assigning
        self.decide = engine.decide
        self.decide_many = engine.decide_many
        self.evaluate_flag = engine.evaluate_flag
        self.evaluate_all_flags = deciding.evaluate_all_flags
        self.decide_all_experiments = deciding.decide_all_experiments
        self.running_variations = engine.running_variations
        self.assign = assigning.assign
        self.assign_each = assigning.assign_each
        self.assign_many = assigning.assign_many
        self.flush_assignments = assigning.flush_assignments
        self.ledger_status = assigning.ledger_status
        self.refresh = deciding.serving.refresh_if_older
        self.explain = deciding.explaining.explain
        self.explain_flag = deciding.explaining.explain_flag
        self.preview_change = deciding.previewing.preview_change
        self.preview_new_version = deciding.previewing.preview_new_version
        self.try_flag_change = deciding.trying.try_flag_change
        self.try_flag_environment = deciding.trying.try_flag_environment
        self.serving_status = deciding.serving.status
        self.snapshot_in_force = deciding.serving.in_force
        self.watch_snapshots = deciding.serving.watch

    def _offer_records(self, ledger: Ledger, intake: Intake, committing: GroupCommit) -> None:
        self.create_assignment = ledger.create_assignment
        self.keep_assignments = ledger.keep_assignments
        self.get_user_assignment = ledger.get_user_assignment
        self.get_user_assignments = ledger.get_user_assignments
        self.get_experiment_assignments = ledger.get_experiment_assignments

        self.record_event = intake.record_event
        self.record_exposure = intake.record_exposure
        self.batch_create_events = intake.batch_create_events
        self.submit_events = committing.submit
        self.intake_status = committing.status
        self.get_user_events = intake.get_user_events
        self.get_events = intake.get_events
        self.latest_events = intake.latest.latest_events

    def _offer_access(self, accessing: Accessing) -> None:
        keys = accessing.keys
        self.keyring = accessing.keyring
        self.create_api_key = keys.create_api_key
        self.get_api_key = keys.get_api_key
        self.list_api_keys = keys.list_api_keys
        self.update_api_key = keys.update_api_key
        self.rotate_api_key = keys.rotate_api_key
        self.revoke_api_key = keys.revoke_api_key

        people = accessing.people
        self.add_person = people.add_person
        self.get_person = people.get_person
        self.list_people = people.list_people
        self.update_person = people.update_person
        self.set_password = people.set_password
        self.sessions = accessing.sessions
        self.sign_in = accessing.sign_in
        self.oidc = accessing.oidc
        self.replies = self._backends.replies

    def _offer_hot_values(self, hot: HotValues, limits: RateLimits) -> None:
        self.cache_experiment_assignment = hot.cache_experiment_assignment
        self.get_cached_experiment_assignment = hot.get_cached_experiment_assignment
        self.cache_feature_flag = hot.cache_feature_flag
        self.get_cached_feature_flag = hot.get_cached_feature_flag
        self.cache_get = hot.cache_get
        self.get_experiment_with_cache = hot.get_experiment_with_cache

        self.check_rate_limit = limits.check_rate_limit
        self.check_sliding_rate_limit = limits.check_sliding_rate_limit
