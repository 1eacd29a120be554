"""The definitions of the document's examples, made through the API itself."""

from __future__ import annotations

from typing import Any

import httpx

EXAMPLES = {
    "audiences": "NewAudience",
    "layers": "NewLayer",
    "holdouts": "NewHoldout",
    "metrics": "NewMetric",
    "experiments": "NewExperiment",
    "flags": "NewFlag",
    "people": "NewPerson",
}
"""Of which collection each example makes one, in an order in which what is named is there."""


def example(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the example of the schema of this name."""
    found: dict[str, Any] = document["components"]["schemas"][name]["examples"][0]
    return found


def seed(api: httpx.Client) -> dict[str, Any]:
    """Make everything, with the experiment under way, and return the OpenAPI document."""
    document: dict[str, Any] = api.get("/api/v1/openapi.json").raise_for_status().json()
    for collection, name in EXAMPLES.items():
        made = api.post(f"/api/v1/{collection}", json=example(document, name))
        assert made.status_code == 201, made.text
    moved = api.post("/api/v1/experiments/checkout-button/status", json={"status": "active"})
    assert moved.status_code == 200, moved.text
    return document
