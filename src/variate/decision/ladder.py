"""The ladder, walked slowly: every rung with what it found, for a person who asks why.

This is also the reference that the compiled engine is tested against: written straight from the rules, nothing shared
with the generated code but bucketing, allocation and the reading of a condition.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from variate.decision.allocation import Allocation
from variate.decision.bucketing import bucket_of, draw, draw_salt, group_salt
from variate.decision.context import Kept, seconds
from variate.decision.matching import matches
from variate.decision.outcomes import outcomes_of
from variate.errors import StoreError
from variate.model.condition import read_condition
from variate.model.decision import BUCKETS, Decision, Outcome, Reason
from variate.model.override import OverrideTarget

Record = Mapping[str, Any]
Attributes = Mapping[str, Any]

ForcedBy: TypeAlias = Callable[[OverrideTarget, str, str], str]
"""Says, after a comma, who forced this variation of the experiment or flag of this id, and why, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What one rung found: ``said`` in words; ``decided`` where the ladder ends here; the draw, where one was made.

    Where it asked for another definition's decision, ``rungs`` are those that were climbed for that.
    """

    name: str
    said: str
    decided: bool = False
    salt: str | None = None
    bucket: int | None = None
    rungs: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The rungs in order, as far as they were climbed, and the decision they end in."""

    rungs: tuple[Rung, ...]
    decision: Decision


class _Draw(NamedTuple):
    salt: str
    hash: int

    @property
    def bucket(self) -> int:
        return bucket_of(self.hash)


class Ladder:
    """Walks a snapshot's definitions for one unit at one moment (``now``, in seconds since 1970)."""

    def __init__(
        self,
        content: Mapping[str, Any],
        *,
        unit: str,
        attributes: Attributes,
        now: float,
        kept: Kept,
        forced_by: ForcedBy = lambda *_: "",
    ) -> None:
        self._content = content
        self._unit = unit
        self._attributes = attributes
        self._now = now
        self._kept = kept
        self._forced_by = forced_by
        self._audiences = {
            key: read_condition("condition", condition) for key, condition in content["audiences"].items()
        }
        self._rungs: list[Rung] = []
        self._asked: dict[tuple[OverrideTarget, str], Decision] = {}

    def experiment(self, experiment_id: str) -> Explanation:
        """Explain the experiment's decision."""
        return self._explained(self._experiment(experiment_id))

    def flag(self, flag_id: str) -> Explanation:
        """Explain the flag's decision."""
        return self._explained(self._flag(flag_id))

    def _explained(self, decision: Decision) -> Explanation:
        return Explanation(rungs=tuple(self._rungs), decision=decision)

    def _experiment(self, experiment_id: str) -> Decision:
        record = self._content["experiments"].get(experiment_id)
        if record is None:
            return self._ends("running", "the snapshot has no such experiment", Outcome.none(Reason.UNKNOWN))
        version = record["version"]
        closed = Outcome.none(Reason.NOT_RUNNING, version=version)
        if record["status"] != "active":
            return self._ends("running", f"its status is {record['status']}", closed)
        if said := self._outside(record):
            return self._ends("running", said, closed)
        self._goes_on("running", f"active, version {version}")
        if (forced := self._forced(OverrideTarget.EXPERIMENT, experiment_id, record)) is not None:
            return forced
        for holdout in record["holdouts"]:
            drawn = self._draw(group_salt("holdout", salt=holdout["salt"]))
            said = f"{holdout['id']!r} holds out buckets below {holdout['buckets']}"
            if drawn.bucket < holdout["buckets"]:
                return self._ends("holdout", said, Outcome.none(Reason.HELD_OUT, version=version), drawn)
            self._goes_on("holdout", said, drawn)
        layer = record["layer"]
        if layer is not None:
            drawn = self._draw(group_salt("layer", salt=layer["salt"]))
            said = f"of layer {layer['id']!r} it has buckets {layer['start']} to {layer['end'] - 1}"
            if not layer["start"] <= drawn.bucket < layer["end"]:
                return self._ends("layer", said, Outcome.none(Reason.LAYER, version=version), drawn)
            self._goes_on("layer", said, drawn)
        return self._kept_or_drawn(experiment_id, record)

    def _kept_or_drawn(self, experiment_id: str, record: Record) -> Decision:
        """The rungs from the kept assignment on."""
        shares = [*record["past"], record]
        present = sum(seconds(past["until"], missing=0.0) <= self._now for past in record["past"])
        answer, rungs = self._share(record, shares[present])
        earlier = [self._share(record, share)[0].variation for share in shares[:present]]
        changed = [name for name in earlier if name not in (None, answer.variation)]
        why = None
        if record["reads_ledger"]:
            why = "assignments were made otherwise than by the draw"
        elif not record["takes_new_units"]:
            why = "no new units are taken in"
        elif record["keeps_outside_audience"] and answer.reason is Reason.AUDIENCE:
            why = "who is in stays in outside the audience"
        elif changed:
            why = f"an earlier allocation gave {changed[-1]!r}"
        if why is None:
            self._goes_on("kept", "not looked up: every allocation since the start gives the same")
        else:
            try:
                name = self._kept(experiment_id, record["version"], self._unit)
            except StoreError:
                return self._without_ledger(record, shares[: present + 1], why)
            outcome = outcomes_of(record, Reason.KEPT).get(name or "")
            if outcome is not None:
                return self._ends("kept", f"the ledger holds {name!r}; looked up, because {why}", outcome)
            self._goes_on("kept", f"the ledger holds nothing; looked up, because {why}")
        if not record["takes_new_units"]:
            stopped = Outcome.none(Reason.INTAKE_STOPPED, version=record["version"])
            return self._ends("intake", "no new units are taken in", stopped)
        self._rungs += rungs
        return answer

    def _without_ledger(self, record: Record, shares: Sequence[Record], why: str) -> Decision:
        """The rungs while the ledger is away: the oldest allocation that gives the unit a variation decides."""
        self._goes_on("kept", f"the ledger is away; to be looked up, because {why}")
        answers = [self._share(record, share) for share in shares]
        decision, rungs = next((each for each in answers if each[0].variation is not None), answers[-1])
        self._rungs += rungs
        return decision

    def _share(self, record: Record, share: Record) -> tuple[Decision, list[Rung]]:
        """Return what one allocation gives the unit, and its rungs: audience, traffic, variation."""
        version, salt = record["version"], record["salt"]
        rungs = []
        if share["audience"] is not None:
            text = json.dumps(share["audience"], ensure_ascii=False)
            if not self._matches(share["audience"]):
                rungs.append(Rung(name="audience", said=f"does not match {text}", decided=True))
                return Decision.of(Outcome.none(Reason.AUDIENCE, version=version)), rungs
            rungs.append(Rung(name="audience", said=f"matches {text}"))
        if share["traffic"] < BUCKETS:
            drawn = self._draw(draw_salt("traffic", salt=salt, version=version))
            out = drawn.bucket >= share["traffic"]
            said = f"buckets below {share['traffic']} are enrolled"
            rungs.append(Rung(name="traffic", said=said, decided=out, salt=drawn.salt, bucket=drawn.bucket))
            if out:
                return Decision.of(Outcome.none(Reason.TRAFFIC, version=version), drawn.hash), rungs
        drawn = self._draw(draw_salt("variation", salt=salt, version=version))
        decision, rung = _split("variation", list(outcomes_of(record, Reason.SPLIT).values()), share["weights"], drawn)
        rungs.append(rung)
        return decision, rungs

    def _flag(self, flag_id: str) -> Decision:
        record = self._content["flags"].get(flag_id)
        if record is None:
            return self._ends("on", "the snapshot has no such flag", Outcome.none(Reason.UNKNOWN))
        version = record["version"]
        if record["variations"] is None:
            reason = Reason.FREE_FORM if record["enabled"] else Reason.OFF
            return self._ends(
                "on", "it has no variations; its rules are free-form", Outcome.none(reason, version=version)
            )
        if not record["enabled"]:
            return self._ends("on", "it is switched off", outcomes_of(record, Reason.OFF)[record["off"]])
        if said := self._outside(record):
            return self._ends("on", said, outcomes_of(record, Reason.NOT_RUNNING)[record["off"]])
        self._goes_on("on", f"switched on, revision {version}")
        if (forced := self._forced(OverrideTarget.FLAG, flag_id, record)) is not None:
            return forced
        for prerequisite in record["prerequisites"]:
            asked = self._beside(OverrideTarget.FLAG, prerequisite["flag"])
            found = asked.decision.variation
            said = f"{prerequisite['flag']!r} gives {found!r}, and has to give one of {prerequisite['variations']}"
            if found not in prerequisite["variations"]:
                off = outcomes_of(record, Reason.PREREQUISITE)[record["off"]]
                return self._ends("prerequisite", said, off, rungs=asked.rungs)
            self._goes_on("prerequisite", said, rungs=asked.rungs)
        for rule in record["rules"]:
            decision = self._rule(record, rule)
            if decision is not None:
                return decision
        return self._serve(record, record["default"], Reason.DEFAULT, None)

    def _rule(self, record: Record, rule: Record) -> Decision | None:
        name, text = f"rule {rule['name']!r}", json.dumps(rule["condition"], ensure_ascii=False)
        if rule["condition"] is not None and not self._matches(rule["condition"]):
            self._goes_on(name, f"does not match {text}")
            return None
        serve = rule["serve"]
        self._goes_on(name, f"matches {text}" if rule["condition"] is not None else "is for every unit")
        if isinstance(serve, str) or "rollout" in serve:
            return self._serve(record, serve, Reason.RULE, rule["name"])
        asked = self._beside(OverrideTarget.EXPERIMENT, serve["experiment"])
        given = asked.decision
        said = f"experiment {serve['experiment']!r} gives {given.variation!r} ({given.reason})"
        outcome = outcomes_of(record, given.reason, rule=rule["name"]).get(given.variation or "")
        if outcome is None:
            self._goes_on(name, f"{said}: on to the next rule", rungs=asked.rungs)
            return None
        self._ends(name, said, outcome, rungs=asked.rungs)
        return Decision.of(outcome, given.drawn)

    def _serve(self, record: Record, serve: Any, reason: Reason, rule: str | None) -> Decision:
        if isinstance(serve, str):
            return self._ends("served", f"{serve!r} for every unit here", outcomes_of(record, reason, rule=rule)[serve])
        outcomes = outcomes_of(record, Reason.SPLIT, rule=rule)
        weights = [weight for _, weight in serve["rollout"]]
        drawn = self._draw(group_salt("rollout", salt=record["salt"]))
        decision, rung = _split("rollout", [outcomes[name] for name, _ in serve["rollout"]], weights, drawn)
        self._rungs.append(rung)
        return decision

    def _beside(self, kind: OverrideTarget, key: str) -> Explanation:
        """Explain another definition by a ladder of its own; its rungs stand where it is asked for first.

        Many ways may lead to one flag: were it climbed for on each, their number would double with each flag between.
        """
        if (known := self._asked.get((kind, key))) is not None:
            return Explanation(rungs=(), decision=known)
        ladder = Ladder(
            self._content,
            unit=self._unit,
            attributes=self._attributes,
            now=self._now,
            kept=self._kept,
            forced_by=self._forced_by,
        )
        ladder._asked = self._asked
        explained = ladder.flag(key) if kind is OverrideTarget.FLAG else ladder.experiment(key)
        self._asked[(kind, key)] = explained.decision
        return explained

    def _outside(self, record: Record) -> str | None:
        """Return in words why it is not the time, or None where it is."""
        if record["starts_at"] is not None and self._now < seconds(record["starts_at"], missing=0.0):
            return f"it starts at {record['starts_at']}"
        if record["ends_at"] is not None and self._now >= seconds(record["ends_at"], missing=0.0):
            return f"it ended at {record['ends_at']}"
        return None

    def _forced(self, target: OverrideTarget, key: str, record: Record) -> Decision | None:
        override = record["overrides"].get(self._unit)
        until = None if override is None else override["until"]
        if override is None or (until is not None and self._now >= seconds(until, missing=0.0)):
            self._goes_on("override", "there is none in force")
            return None
        outcome = outcomes_of(record, Reason.OVERRIDE).get(override["variation"])
        if outcome is None:
            self._goes_on("override", f"forces {override['variation']!r}, which is not there any more")
            return None
        by = self._forced_by(target, key, override["variation"])
        return self._ends("override", f"forced until {until or 'it is removed'}{by}", outcome)

    def _matches(self, condition: Any) -> bool:
        return matches(read_condition("condition", condition), self._unit, self._attributes, audiences=self._audiences)

    def _draw(self, salt: str) -> _Draw:
        return _Draw(salt, draw(salt, self._unit))

    def _goes_on(self, name: str, said: str, drawn: _Draw | None = None, rungs: tuple[Rung, ...] = ()) -> None:
        salt, place = (None, None) if drawn is None else (drawn.salt, drawn.bucket)
        self._rungs.append(Rung(name=name, said=said, salt=salt, bucket=place, rungs=rungs))

    def _ends(
        self, name: str, said: str, outcome: Outcome, drawn: _Draw | None = None, rungs: tuple[Rung, ...] = ()
    ) -> Decision:
        salt, place = (None, None) if drawn is None else (drawn.salt, drawn.bucket)
        self._rungs.append(Rung(name=name, said=said, decided=True, salt=salt, bucket=place, rungs=rungs))
        return Decision.of(outcome, None if drawn is None else drawn.hash)


def _split(name: str, outcomes: Sequence[Outcome], weights: Sequence[float], drawn: _Draw) -> tuple[Decision, Rung]:
    """Return the outcome that has the bucket, and the rung that says so."""
    allocation = Allocation.of(weights)
    decision = Decision.of(outcomes[allocation.at(drawn.bucket)], drawn.hash)
    shares = ", ".join(map(str, allocation.shares))
    said = f"{decision.variation!r}: the variations have {shares} buckets in order"
    return decision, Rung(name=name, said=said, decided=True, salt=drawn.salt, bucket=drawn.bucket)
