"""A decision as OFREP tells it: an answer that is made once for all units that get it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from variate.errors import VariateError
from variate.model.decision import Decision, Reason
from variate.model.document import Json
from variate.platform import Platform
from variate.server.answer import Answer, encode
from variate.server.data.reasons import OPENFEATURE

_MOST = 100_000
"""How many answers are held; beyond, all are made anew. A snapshot has far fewer outcomes."""


class _Held(NamedTuple):
    value: Json
    version: int | None
    text: bytes
    answer: Answer


class Evaluations:
    """Decisions as answers.

    All units that get one variation for one reason are answered with the same bytes, so they are made once. What they
    were made from is held beside them and compared: a later snapshot's variation of the same name is another one.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._environment = platform.settings.environment
        self._held: dict[tuple[str, str | None, str | None, Reason], _Held] = {}
        platform.watch_snapshots(self._forget)  # a key may be an experiment's now that was a flag's

    def answer(self, key: str, decision: Decision) -> Answer:
        """Return the answer to who asks for this flag or experiment alone."""
        held = self._held.get((key, decision.variation, decision.rule, decision.reason))
        if held is not None and held[0] is decision.value and held[1] == decision.version:
            return held[3]
        return self._made(key, decision)

    def texts(self, decisions: Mapping[str, Decision | VariateError]) -> list[bytes]:
        """Return each decision as a JSON object; what could not be decided, as the error that it is."""
        held_ones, texts = self._held, list[bytes]()
        for key, decision in decisions.items():
            if isinstance(decision, VariateError):
                texts.append(encode(_failure(key, decision)))
                continue
            held = held_ones.get((key, decision.variation, decision.rule, decision.reason))
            if held is not None and held[0] is decision.value and held[1] == decision.version:
                texts.append(held[2])
            elif decision.reason is Reason.UNKNOWN:
                texts.append(encode(_failure(key, decision)))
            else:
                texts.append(self._made(key, decision).body)
        return texts

    def told(self, key: str, decision: Decision) -> dict[str, Any]:
        """Return the decision as OFREP's evaluation. Where there is no value, the client's own default counts.

        ``variant`` is always there, and empty where there is none: a client asks for it unseen.
        """
        told: dict[str, Any] = {
            "key": key,
            "reason": OPENFEATURE[decision.reason],
            "variant": decision.variation or "",
            "metadata": self._metadata(key, decision),
        }
        if decision.value is not None:
            told["value"] = decision.value
        return told

    def _made(self, key: str, decision: Decision) -> Answer:
        held_ones = self._held  # those of the snapshot that the decision was made from, or of an older one
        if len(held_ones) >= _MOST:
            held_ones.clear()
        answer = Answer(200, encode(self.told(key, decision)))
        outcome = (key, decision.variation, decision.rule, decision.reason)
        held_ones[outcome] = _Held(decision.value, decision.version, answer.body, answer)
        return answer

    def _metadata(self, key: str, decision: Decision) -> dict[str, str | int]:
        metadata: dict[str, str | int] = {"reason": decision.reason.value, "flagSetId": self._environment}
        if decision.version is not None:
            metadata["version"] = decision.version
        if decision.rule is not None:
            metadata["rule"] = decision.rule
        served = self._platform.snapshot_in_force()
        if served is not None and decision.reason is not Reason.UNKNOWN and key not in served.flags:
            metadata["experiment"] = key
        return metadata

    def _forget(self) -> None:
        self._held = {}


def _failure(key: str, decision: Decision | VariateError) -> dict[str, str]:
    # It is among the snapshot's flags, so what is unknown is how to read it: the log has it in full.
    details = str(decision) if isinstance(decision, VariateError) else "its definition does not compile here"
    return {"key": key, "errorCode": "PARSE_ERROR", "errorDetails": details}
