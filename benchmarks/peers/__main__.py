"""``python -m benchmarks.peers TURNS``: race all subjects, and print a JSON object a line; see ``report``."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout

from benchmarks.peers.check import faults
from benchmarks.peers.race import race
from benchmarks.peers.subject import OURS, Subject
from benchmarks.peers.workload import Workload

MODULES = {
    OURS: "benchmarks.peers.ours",
    "eppo-server-sdk": "benchmarks.peers.of_eppo",
    "statsig-python-core": "benchmarks.peers.of_statsig",
    "growthbook": "benchmarks.peers.of_growthbook",
    "yggdrasil-engine": "benchmarks.peers.of_yggdrasil",
    "flagsmith-flag-engine": "benchmarks.peers.of_flagsmith",
    "openfeature-sdk": "benchmarks.peers.of_openfeature",
}


def report(turns: int) -> Iterator[dict[str, object]]:
    """Yield what was found of each subject and piece of work, or the fault for which a subject was not raced.

    Either ``subject``, ``fault``; or ``subject``, ``says_why``, ``work``, ``call`` and ``ns``, a figure for each turn.
    """
    workload = Workload.of()
    sound: list[Subject] = []
    for name, module in MODULES.items():
        try:
            for subject in importlib.import_module(module).make(workload):
                if found := list(faults(subject, workload)):
                    yield {"subject": subject.name, "fault": "; ".join(found[:3])}
                else:
                    sound.append(subject)
        except Exception as error:  # noqa: BLE001 - whatever ails one library, the others are measured
            yield {"subject": name, "fault": f"{type(error).__name__}: {error}"}
    for subject, work, figures in race(sound, workload, turns=turns):
        call = dict(subject.works)[work].call
        yield {
            "subject": subject.name,
            "says_why": subject.why is not None,
            "work": work,
            "call": call,
            "ns": figures,
        }
    for subject in sound:
        subject.close()


def main(arguments: Sequence[str]) -> int:
    """Print the report; what the libraries themselves print goes to standard error."""
    answer = sys.stdout
    with redirect_stdout(sys.stderr):
        for found in report(int(arguments[0])):
            print(json.dumps(found), file=answer, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
