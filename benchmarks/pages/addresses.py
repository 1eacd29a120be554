"""The pages that are measured, by what they are."""

from __future__ import annotations

from benchmarks.pages.naming import LARGE, audience_id, flag_id

ADDRESSES = {
    "home": "/",
    "experiments": "/experiments",
    "experiments, by status": "/experiments?status=active",
    "experiments, searched": "/experiments?text=ranking",
    "experiments, searched in vain": "/experiments?text=nothing+is+called+so",
    "an experiment": f"/experiments/{LARGE}",
    "an experiment: its form": f"/experiments/{LARGE}/edit",
    "an experiment: its results of 1 M units": f"/experiments/{LARGE}/results",
    "an experiment: one metric's results": f"/experiments/{LARGE}/results/report-{LARGE}/metrics/1",
    "an experiment: its history": f"/experiments/{LARGE}/history",
    "a new experiment": "/experiments/new",
    "flags": "/flags",
    "flags, by tag": "/flags?tag=team-7",
    "flags, searched": "/flags?text=ranking",
    "flags, searched in vain": "/flags?text=nothing+is+called+so",
    "flags, stale": "/flags?show=stale",
    "flags, stale, of which there are none": "/flags?show=stale&status=active",
    "a flag": f"/flags/{flag_id(0)}",
    "a flag: its rules": f"/flags/{flag_id(0)}/rules",
    "a flag: its history": f"/flags/{flag_id(0)}/history",
    "audiences": "/audiences",
    "an audience": f"/audiences/{audience_id(0)}",
    "an audience: where it is used": f"/audiences/{audience_id(0)}/uses",
    "metric catalog": "/metric-catalog",
    "a metric: where it is used": "/metric-catalog/metric-0/uses",
    "layers": "/layers",
    "holdouts": "/holdouts",
    "explain, of a unit": "/explain?unit=user-000007",
    "overrides": "/overrides",
    "events": "/events",
    "audit": "/audit",
    "audit, by actor": "/audit?actor=owner-7%40example.com",
    "keys": "/keys",
    "people": "/people",
}
NOTHING = "/account"
"""A page for who is signed in that shows nothing of all that."""
LIVE = (
    "/events/stream",
    f"/experiments/{LARGE}/live?revision=1",
    f"/experiments/{LARGE}/results/live?shown=report-{LARGE}",
)
"""Streams of pages that are live."""
