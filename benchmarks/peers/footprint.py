"""``python -m benchmarks.peers.footprint time|memory``: what 1,000 flags of ours cost a process, as a JSON object.

``load`` and ``first``, in seconds of the processor; or ``bytes``, which Python allocated for them and still holds: what
decides, and what evaluating each flag once left behind, but not the answers.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc

from benchmarks.peers import ours
from benchmarks.peers.workload import Workload

FLAGS = 1_000

_ONE = Workload.of(flags=1, people=1)
_workload = Workload.of(flags=FLAGS, people=1)
_unit, _country, _version, _plan, _age = _workload.people[0]
_attributes = {"country": _country, "version": _version, "plan": _plan, "age": _age}


def seconds() -> dict[str, float]:
    """Return how long loading takes, and then the first evaluation of all, which is when a lazy engine pays."""
    text = ours.snapshot(_workload)
    ours.load(ours.snapshot(_ONE))  # what the first engine of a process imports
    start = time.process_time()
    engine = ours.load(text)
    loaded = time.process_time()
    answers = engine.evaluate_all_flags(_unit, _attributes)
    end = time.process_time()
    assert len(answers) == FLAGS
    return {"load": loaded - start, "first": end - loaded}


def memory() -> dict[str, int]:
    """Return the bytes held. The text itself is not among them; what the engine keeps of what it says is."""
    text = ours.snapshot(_workload)
    ours.load(ours.snapshot(_ONE))
    gc.collect()
    tracemalloc.start()
    engine = ours.load(text)
    assert len(engine.evaluate_all_flags(_unit, _attributes)) == FLAGS
    gc.collect()
    return {"bytes": tracemalloc.get_traced_memory()[0]}


if __name__ == "__main__":
    print(json.dumps({"time": seconds, "memory": memory}[sys.argv[1]]()))
