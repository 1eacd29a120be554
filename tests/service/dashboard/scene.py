"""A shop in which much is going on, for pictures: the customers of ``variate demo``, on days that are made up.

Time, chance and ids are the scene's own, so that a picture is the same whenever it is made.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import UUID

from tests.service.dashboard.people import PASSWORD
from variate.cli.demo_customers import CONTROL, TREATMENT, Customer, customers, events_of
from variate.model import EXPOSURE, Experiment
from variate.platform import Platform
from variate.server.operations.intake_history import MINUTES, IntakeHistory
from variate.server.operations.numbers import Numbers

EMAIL = "ana@example.com"
ANA = f"person:{EMAIL}"
BEN = "person:ben@example.com"
_BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
_DAYS = 9
_A_DAY = 1_100
_HOURS = (9, 13, 18)
"""When of a day its customers come: a third of them each."""
_TWO = [{"name": CONTROL, "value": {"steps": 3}}, {"name": TREATMENT, "value": {"steps": 1}}]
_EUROPE = {"attribute": "country", "operator": "in", "value": ["DE", "FR"]}


class _Moment(datetime):
    """The moment that it is in the scene."""

    at = _BEGIN

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # it is always UTC that is asked for
        """Return it."""
        return cls.at


@contextmanager
def in_the_scene() -> Iterator[None]:
    """Have the platform's clock and ids be the scene's until the block ends."""
    chance = random.Random(7)
    with ExitStack() as stack:
        stack.enter_context(patch("variate.clock.datetime", _Moment))
        stack.enter_context(patch("variate.clock.uuid4", lambda: UUID(int=chance.getrandbits(128), version=4)))
        stack.enter_context(patch("variate.server.service.IntakeHistory", lambda _clock: _intake()))
        yield


def play(platform: Platform) -> None:
    """Let nine days pass in the shop."""
    _Moment.at = _BEGIN
    for email, name in ((EMAIL, "Ana"), ("ben@example.com", "Ben")):
        platform.add_person(email, name=name, role="admin", password=PASSWORD)
    _catalog(platform)
    checkout = _checkout(platform)
    others = _others(platform)
    _flags(platform)
    everybody = customers(_DAYS * _A_DAY, seed=1)
    for day in range(_DAYS):
        ours = everybody[day * _A_DAY : (day + 1) * _A_DAY]
        for turn, hour in enumerate(_HOURS):
            _Moment.at = _BEGIN + timedelta(days=day, hours=hour - _BEGIN.hour)
            for experiment in (checkout, *others):
                _visit(platform, experiment, ours[turn :: len(_HOURS)])
        _Moment.at = _BEGIN + timedelta(days=day, hours=12)
        if day % 2 == 0:
            platform.report_experiment(checkout.id, dimensions=["country"])
    for experiment in others:
        platform.report_experiment(experiment.id)
    _ends(platform)
    _Moment.at += timedelta(minutes=24)
    _changes_flags(platform)
    _Moment.at += timedelta(minutes=11)
    platform.publish_snapshot(actor=ANA)
    platform.flush_assignments()


def _catalog(platform: Platform) -> None:
    platform.create_metric("purchase", kind="proportion", name="Purchase", measure="purchase", actor=ANA)
    revenue = {"event_type": "purchase", "aggregation": "sum"}
    platform.create_metric("revenue", kind="mean", name="Revenue", measure=revenue, covariate_hours=24 * 14, actor=ANA)
    platform.create_metric(
        "support", kind="proportion", name="Asks for help", measure="support", direction="decrease", actor=ANA
    )
    platform.create_audience("europe", condition=_EUROPE, name="Europe", actor=ANA)
    platform.create_audience(
        "staff", condition={"attribute": "email", "operator": "ends_with", "value": "@example.com"}, name="Staff"
    )


def _checkout(platform: Platform) -> Experiment:
    metrics = [
        "purchase",
        {"metric": "revenue", "role": "secondary"},
        {"metric": "support", "role": "guardrail", "margin": 0.01},
    ]
    return _launched(
        platform,
        "one-page-checkout",
        name="One-page checkout",
        hypothesis="A shorter checkout is less work, so more people buy, and no more of them ask for help.",
        metrics=metrics,
        plan={"units": 14_000, "looks": 7},
        ends_at=_BEGIN + timedelta(days=14),
    )


def _others(platform: Platform) -> Sequence[Experiment]:
    names = (("Search as you type", "search-as-you-type", "ben"), ("Free delivery from 30", "free-delivery", "ana"))
    found = []
    for name, experiment_id, owner in names:
        _Moment.at += timedelta(minutes=40)
        found.append(
            _launched(
                platform,
                experiment_id,
                name=name,
                owner=owner,
                metrics=["revenue"],
                plan={"units": 20_000, "looks": 5},
                ends_at=_BEGIN + timedelta(days=21),
            )
        )
    _Moment.at += timedelta(minutes=5)
    platform.create_experiment(
        "Shorter sign-up",
        experiment_id="shorter-sign-up",
        variations=_TWO,
        owner="ben",
        hypothesis="Fewer fields, more sign-ups.",
        metrics=["purchase"],
        actor=BEN,
    )
    paused = _launched(platform, "gift-notes", name="Gift notes", owner="ben", metrics=["revenue"])
    platform.update_experiment_status(paused.id, "paused", actor=BEN)
    return found


def _launched(platform: Platform, experiment_id: str, *, name: str, owner: str = "ana", **given: object) -> Experiment:
    experiment = platform.create_experiment(
        name,
        experiment_id=experiment_id,
        variations=_TWO,
        owner=owner,
        salt=experiment_id,
        actor=ANA,
        **given,  # type: ignore[arg-type]  # as the platform takes them
    )
    return platform.update_experiment_status(experiment.id, "active", actor=ANA)


def _visit(platform: Platform, experiment: Experiment, who: Sequence[Customer]) -> None:
    """Have these customers meet the experiment. The treatment helps in that of the checkout alone."""
    events = []
    for customer, decision in zip(who, platform.assign_many(experiment.id, [each.unit for each in who]), strict=True):
        shown = decision.variation
        assert shown is not None
        behaves_as = shown if experiment.id == "one-page-checkout" else CONTROL
        for event in events_of(customer, experiment, behaves_as):
            if event["event_type"] == EXPOSURE:
                event["data"] = event["data"] | {"variation": shown}
            events.append(event)
    for verdict in platform.batch_create_events(events):
        assert verdict.error is None, verdict.error


def _ends(platform: Platform) -> None:
    """Have an experiment that ended and was decided."""
    ended = _launched(platform, "sticky-cart", name="Sticky cart", metrics=["purchase"])
    platform.update_experiment_status(
        ended.id, "completed", conclusion={"decision": "keep", "note": "It told nothing in four weeks."}, actor=ANA
    )


def _flags(platform: Platform) -> None:
    platform.create_feature_flag(
        "New checkout",
        flag_id="new-checkout",
        description="The checkout on one page.",
        status="active",
        variations=[{"name": "on", "value": True}, {"name": "off", "value": False}],
        rules=[
            {"name": "staff", "condition": {"audience": "staff"}, "serve": "on"},
            {"name": "europe first", "condition": {"audience": "europe"}, "serve": {"rollout": {"on": 25, "off": 75}}},
        ],
        default="off",
        off="off",
        owner="ana",
        tags=["checkout"],
        environments={"dev": {"default": "on"}, "prod": {"enabled": False}},
        actor=ANA,
    )
    for name, flag_id, is_active in (("Dark theme", "dark-theme", True), ("Old search", "old-search", False)):
        platform.create_feature_flag(
            name,
            flag_id=flag_id,
            status="active" if is_active else "inactive",
            variations=[{"name": "on", "value": True}, {"name": "off", "value": False}],
            default="on",
            off="off",
            owner="ben",
            actor=BEN,
        )


def _changes_flags(platform: Platform) -> None:
    platform.update_feature_flag_status("old-search", "active", actor=BEN)
    _Moment.at += timedelta(minutes=38)
    platform.update_flag_environment("new-checkout", "prod", enabled=True, actor=ANA)
    platform.create_flag_override("user-12", "new-checkout", "on", reason="Tests the receipt", actor=ANA)


def _intake() -> IntakeHistory:
    """Return what came in of the last minutes, which end at a moment that stands still."""
    at = 0.0
    history = IntakeHistory(lambda: at)
    chance = random.Random(3)
    accepted = 0
    for second in range(0, 60 * MINUTES + 10, 5):
        at = float(second)
        accepted += chance.randint(380, 520)
        history.add([_numbers(accepted)])
    return history


def _numbers(accepted: int) -> Numbers:
    events = {"accepted": accepted, "duplicate": accepted // 400, "rejected": 0}
    return Numbers(at=0, answered=[], evaluations={}, events=events, counts={}, gauges={}, stores={})
