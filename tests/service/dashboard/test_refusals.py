"""What pages say of what is refused reads as sentences."""

from __future__ import annotations

import pytest

from tests.service.dashboard.people import Browser, words
from variate.server.dashboard.templating import sentence


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("there is no such page", "There is no such page."),
        ("a store is away: try again", "A store is away: try again."),
        ("expires_at: must be later", "expires_at: must be later."),
        ("variations[0].weight: is wrong", "variations[0].weight: is wrong."),
        ("Already whole.", "Already whole."),
        ("", ""),
    ],
)
def test_what_is_said_begins_and_ends_as_a_sentence(said: str, shown: str) -> None:
    assert sentence(said) == shown


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/nowhere", "There is no such page."),
        ("/experiments/none", "Experiment 'none' not found."),
        ("/keys", "This needs the scope 'admin'; person:viewer@example.com has read."),
    ],
)
def test_pages_of_what_is_refused_read_as_sentences(path: str, said: str, viewer: Browser) -> None:
    page = viewer.get(path)
    assert page.status_code in (403, 404)
    assert said in words(page)


def test_who_may_not_is_still_signed_in_there(viewer: Browser) -> None:
    page = viewer.get("/keys")
    assert page.status_code == 403
    assert 'href="/experiments"' in page.text
    assert "Sign out" in words(page)
