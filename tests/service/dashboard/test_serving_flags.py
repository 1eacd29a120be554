"""The flags that serve an experiment, on its page: with where they do."""

from __future__ import annotations

from typing import Any

from tests.service.dashboard.experiments import draft
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running
from variate.platform import Platform


def _flag(platform: Platform, flag_id: str, **given: Any) -> None:
    two = [{"name": name, "value": name} for name in ("control", "blue")]
    fields = {"status": "active", "variations": two, "default": "control", "off": "control"}
    platform.create_feature_flag(f"<b>{flag_id}</b>", flag_id=flag_id, **fields | given)


def _section(browser: Browser, experiment_id: str) -> tuple[str, str]:
    """Return the part of the page, and what is read there."""
    page = browser.get(f"/experiments/{experiment_id}")
    assert page.status_code == 200
    part = page.text.split('<section aria-labelledby="flags">')[1].split("</section>")[0]
    return part, words(page).split("Flags that serve it", 1)[1].split(" Definition ")[0].strip()


def test_the_flags_that_serve_an_experiment_are_listed_with_where_they_do(service: Running, editor: Browser) -> None:
    platform = service.platform
    name = 'served "so" & by'
    here, *others = platform.settings.all_environments
    draft(platform, name)
    draft(platform, "unserved")
    served: dict[str, Any] = {"rules": [{"serve": {"experiment": name}}]}
    _flag(platform, "everywhere", **served)
    _flag(platform, "switched off/here", environments={here: {"enabled": False}}, **served)
    _flag(platform, "only here", rules=[], environments={here: served})
    _flag(platform, "nowhere", environments={each: {"rules": []} for each in (here, *others)}, **served)
    _flag(platform, "inactive", **served | {"status": "inactive"})
    _flag(platform, "archived", **served)
    platform.archive_feature_flag("archived")
    _flag(platform, name, rules=[{"serve": "blue", "name": name}], tags=[name])
    part, told = _section(editor, name)
    on, off = (" ".join(f"{each} {state}" for each in others) for state in ("● on", "○ off"))
    for said in (
        f"<b>everywhere</b> {here} ● on {on}",
        f"<b>switched off/here</b> {here} ○ off here {on}",
        f"<b>only here</b> {here} ● on",
        "<b>nowhere</b> none: each has rules of its own",
        f"<b>inactive</b> {here} ○ off {off}",
    ):
        assert said.strip() in told, said
    assert 'href="/flags/switched%20off~2Fhere"' in part
    assert ("archived" in told, name in told, "<b>" in part) == (False, False, False)
    assert told.index("inactive") < told.index("everywhere"), "those changed last come first"


def test_an_experiment_that_no_flag_serves_says_so(service: Running, editor: Browser) -> None:
    draft(service.platform, "alone")
    _, told = _section(editor, "alone")
    assert told.startswith("No flag serves it")


def test_of_many_flags_the_first_are_shown(service: Running, editor: Browser) -> None:
    draft(service.platform, "popular")
    for number in range(51):
        _flag(service.platform, f"popular-{number}", rules=[{"serve": {"experiment": "popular"}}])
    part, told = _section(editor, "popular")
    assert part.count('<tr><th scope="row">') == 50
    assert "There are more; these are the 50 changed last." in told
