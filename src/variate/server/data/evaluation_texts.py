"""A decision as OFREP tells it, in bytes that are made once for all units that get it."""

from __future__ import annotations

from typing import Any

from variate.model.decision import Decision, Reason
from variate.model.document import Json
from variate.platform import Platform
from variate.server.answer import encode
from variate.server.data.reasons import OPENFEATURE

_MOST = 100_000
"""How many texts are held; beyond, all are made anew. A snapshot has far fewer outcomes."""


class EvaluationTexts:
    """Decisions as texts.

    All units that get one variation for one reason are answered with the same bytes, so they are made once. What they
    were made from is held beside them and compared: a later snapshot's variation of the same name is another one.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._environment = platform.settings.environment
        self._texts: dict[tuple[str, str | None, str | None, int], tuple[Json, int | None, bytes]] = {}
        platform.watch_snapshots(self._forget)  # a key may be an experiment's now that was a flag's

    def text(self, key: str, decision: Decision) -> bytes:
        """Return the decision of this flag or experiment as a JSON object."""
        texts = self._texts  # those of the snapshot that the decision was made from, or of an older one
        outcome = (key, decision.variation, decision.rule, id(decision.reason))  # a reason is one object for ever
        held = texts.get(outcome)
        if held is not None and held[0] is decision.value and held[1] == decision.version:
            return held[2]
        text = encode(self.told(key, decision))
        if len(texts) >= _MOST:
            texts.clear()
        texts[outcome] = (decision.value, decision.version, text)
        return text

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
        self._texts = {}
