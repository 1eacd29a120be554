"""``Platform``: every operation as a typed method, on the stores that the settings choose."""

from __future__ import annotations

import os
import threading
from types import TracebackType

from variate.analysis import Results
from variate.assignment.ledger import Ledger
from variate.clock import Clock, IncreasingClock, new_event_id, new_id, utc_now
from variate.definition.audit import EXPERIMENT_CHANGED, OVERRIDE_PUT, OVERRIDE_REMOVED, ChangeLog
from variate.definition.experiments import Experiments
from variate.definition.flags import Flags
from variate.definition.overrides import Overrides
from variate.model import AuditEntry, Page
from variate.model.audit import FLAG_CHANGED
from variate.model.rules import check_id, check_name
from variate.platform.backends import Backends
from variate.platform.delivery import Delivery
from variate.platform.health import Check, examine
from variate.platform.hot import HotValues, RateLimits
from variate.platform.profiles import open_backends
from variate.publishing.relay import Relay
from variate.recording.intake import Intake
from variate.settings import Settings


class Platform:
    """The stages over one choice of stores. Thread-safe; nothing is touched before the first operation.

    Not to be carried across a fork: open one in the child, or use ``default_platform()``, which does.
    """

    def __init__(self, settings: Settings, backends: Backends, *, clock: Clock = utc_now) -> None:
        self.settings = settings
        self._backends = backends
        self._clock = IncreasingClock(clock)
        delivery = Delivery(backends)
        self.relay = Relay(
            backends.outboxes,
            {
                EXPERIMENT_CHANGED: delivery.serve_experiment,
                FLAG_CHANGED: delivery.flag_changed,
                OVERRIDE_PUT: delivery.put_override,
                OVERRIDE_REMOVED: delivery.remove_override,
                "audit": delivery.log,
            },
        )
        log = ChangeLog(clock=self._clock, new_id=new_id, actor=settings.actor)
        announce = self.relay.announce
        experiments = Experiments(store=backends.experiments, log=log, audit=backends.audit, announce=announce)
        flags = Flags(store=backends.flags, log=log, announce=announce)
        overrides = Overrides(
            store=backends.overrides,
            experiments=backends.experiments,
            audit=backends.audit,
            log=log,
            announce=announce,
        )
        ledger = Ledger(store=backends.assignments, experiment=backends.experiments.get, clock=self._clock)
        intake = Intake(store=backends.events, clock=self._clock, new_id=new_event_id)
        hot = HotValues(
            cache=backends.hot.cache,
            aside=backends.hot.aside,
            experiment_at_rest=backends.experiment_at_rest,
            opened=backends.opened,
        )
        limits = RateLimits(limiter=backends.hot.rate_limiter)

        self.closed = False
        self._offer_definitions(experiments, flags, overrides)
        self._offer_records(ledger, intake)
        self._offer_hot_values(hot, limits)
        results = Results(events=backends.events, experiment=backends.experiments.get, clock=self._clock)
        self.summarise_experiment = results.summarise_experiment

    @classmethod
    def open(cls, settings: Settings | None = None) -> Platform:
        """Return a platform on the stores that ``settings`` (the environment's, if None) choose.

        Raise ``ConfigurationError`` for settings that cannot be right and ``MissingExtraError`` for a driver that is
        not installed. No engine is touched yet.
        """
        chosen = Settings.from_environment() if settings is None else settings
        return cls(chosen, open_backends(chosen))

    def audit_log(
        self,
        *,
        entity_type: str | None = None,
        entity_id: str | None = None,
        limit: int = 100,
        last_key: str | None = None,
    ) -> Page[AuditEntry]:
        """Return a page of what was changed, most recent first: actor, action, data and created_at."""
        return self._backends.audit.list(
            entity_type=None if entity_type is None else check_name("entity_type", entity_type),
            entity_id=None if entity_id is None else check_id("entity_id", entity_id),
            limit=limit,
            last_key=last_key,
        )

    def migrate(self) -> list[str]:
        """Make every engine's tables what this version wants; return what was done. Safe to repeat and to race."""
        return [f"{name}: {step}" for name, engine in self._backends.engines.items() for step in engine.migrate()]

    def checks(self) -> list[Check]:
        """Look at each engine and return what was found."""
        return list(examine(self._backends))

    def purge_expired(self) -> dict[str, int]:
        """Delete what has expired from the engines that do not do so themselves; return how many of each.

        What has expired is never read, so this only frees space.
        """
        at = self._clock()
        return {
            "assignments": self._backends.assignments.purge(expired_before=at),
            "overrides": self._backends.overrides.purge(expired_before=at),
            "events": self._backends.events.purge(expired_before=at),
        }

    def close(self) -> None:
        """Let go of every connection. Safe to repeat."""
        if not self.closed:
            self.closed = True
            self.relay.close()
            self._backends.close()

    def __enter__(self) -> Platform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _offer_definitions(self, experiments: Experiments, flags: Flags, overrides: Overrides) -> None:
        self.create_experiment = experiments.create_experiment
        self.get_experiment = experiments.get_experiment
        self.list_experiments = experiments.list_experiments
        self.list_active_experiments = experiments.list_active_experiments
        self.update_experiment = experiments.update_experiment
        self.update_experiment_status = experiments.update_experiment_status
        self.update_experiment_with_override = experiments.update_experiment_with_override
        self.transfer_experiment_ownership = experiments.transfer_experiment_ownership
        self.archive_experiment = experiments.archive_experiment

        self.create_feature_flag = flags.create_feature_flag
        self.get_feature_flag = flags.get_feature_flag
        self.list_feature_flags = flags.list_feature_flags
        self.get_active_feature_flags = flags.get_active_feature_flags
        self.update_feature_flag = flags.update_feature_flag
        self.update_feature_flag_status = flags.update_feature_flag_status
        self.archive_feature_flag = flags.archive_feature_flag

        self.create_override = overrides.create_override
        self.get_override = overrides.get_override
        self.list_overrides = overrides.list_overrides
        self.get_user_overrides = overrides.get_user_overrides
        self.remove_override = overrides.remove_override

    def _offer_records(self, ledger: Ledger, intake: Intake) -> None:
        self.create_assignment = ledger.create_assignment
        self.keep_assignments = ledger.keep_assignments
        self.assign_many = ledger.assign_many
        self.get_user_assignment = ledger.get_user_assignment
        self.get_user_assignments = ledger.get_user_assignments
        self.get_experiment_assignments = ledger.get_experiment_assignments

        self.record_event = intake.record_event
        self.record_exposure = intake.record_exposure
        self.batch_create_events = intake.batch_create_events
        self.get_user_events = intake.get_user_events
        self.get_events = intake.get_events

    def _offer_hot_values(self, hot: HotValues, limits: RateLimits) -> None:
        self.cache_experiment_assignment = hot.cache_experiment_assignment
        self.get_cached_experiment_assignment = hot.get_cached_experiment_assignment
        self.cache_feature_flag = hot.cache_feature_flag
        self.get_cached_feature_flag = hot.get_cached_feature_flag
        self.cache_get = hot.cache_get
        self.get_experiment_with_cache = hot.get_experiment_with_cache

        self.check_rate_limit = limits.check_rate_limit
        self.check_sliding_rate_limit = limits.check_sliding_rate_limit


class _Default:
    """The process's own platform: opened at the first call, anew after ``close`` and in a forked child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._platform: Platform | None = None
        self._of_parents: list[Platform] = []

    def __call__(self) -> Platform:
        platform = self._platform
        if platform is not None and not platform.closed:
            return platform
        with self._lock:
            if self._platform is None or self._platform.closed:
                self._platform = Platform.open()
            return self._platform

    def forked(self) -> None:
        """Start afresh in a child: the lock may be held by a thread that is not here, the connections are the parent's.

        The parent's platform is kept from being collected, for that would close connections the parent still uses.
        """
        self._lock = threading.Lock()
        if self._platform is not None:
            self._of_parents.append(self._platform)
            self._platform = None


_default = _Default()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_default.forked)


def default_platform() -> Platform:
    """Return what the functions act on: one platform a process, made from the environment at the first call.

    After ``default_platform().close()`` the next call reads the environment again.
    """
    return _default()
