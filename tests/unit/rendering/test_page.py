"""The page stands alone, is well-formed, tells the verdict first, and takes no name for markup."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.unit.rendering.sample import comparison, effect, health, metric, missing, report, series, undefined_metric
from variate.analysis.report import Report, VerdictKind
from variate.analysis.report_record import report_from_record
from variate.analysis.wording import WHY
from variate.rendering.environment import style
from variate.rendering.page import MOST_CHARTS, report_page
from variate.rendering.words import REASONS
from variate.stats.not_estimable import NotEstimableReason

HOSTILE = "<script>alert(1)</script>\"'&amp;</style>--><!-- | {{ 7*7 }} 名前 👩\u200d💻"
_VOID = {"meta", "link", "br", "hr", "img", "input"}
_SVG_ALONE = {"line", "path", "circle", "rect"}


class Page(HTMLParser):
    """Reads a page strictly: every element is ended, in order; what is in scripts is kept apart from the words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.policy = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SVG_ALONE
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        {"script": self.scripts, "style": self.styles}.get(inside, self.words).append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(found: Report) -> Page:
    return Page(report_page(found))


@pytest.fixture(scope="module")
def page() -> Page:
    return read(report())


def test_the_verdict_comes_first_in_words(page: Page) -> None:
    assert page.text.index("Ship: new-checkout") < page.text.index("Can it be trusted?")
    assert "Purchase is better by 1.20 pp" in page.text
    assert page.of("html") == [{"lang": "en"}]


def test_nothing_is_fetched_and_nothing_runs(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "use", "image")
        for name, value in attributes.items():
            assert name not in ("src", "style", "srcset", "action", "xlink:href")
            assert not name.startswith("on")
            assert name != "href" or (value or "").startswith("#")
            assert name == "xmlns" or "//" not in (value or "")
    assert [each.get("type") for each in page.of("script")] == ["application/json"]
    assert not re.search(r"url\(|@import", page.styles[0])


def test_the_policy_of_the_page_allows_its_own_style_alone(page: Page) -> None:
    policy = next(each["content"] or "" for each in page.of("meta") if "http-equiv" in each)
    digest = b64encode(hashlib.sha256("".join(page.styles).encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert len(page.of("style")) == 1


def test_the_page_has_the_palette_of_the_dashboard(page: Page) -> None:
    assert style("palette.css") in page.styles[0]


def test_the_numbers_of_the_page_are_in_it_as_json(page: Page) -> None:
    assert report_from_record(json.loads("".join(page.scripts))) == report()


def test_tables_and_headings_are_told_to_who_cannot_see_them(page: Page) -> None:
    assert len(page.of("caption")) == len(page.of("table"))
    assert {each.get("scope") for each in page.of("th")} == {"col", "row"}
    assert all(each.get("role") == "img" for each in page.of("svg"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_regions_are_told_apart_by_their_names(page: Page) -> None:
    names = [each["aria-label"] for _, each in page.tags if each.get("role") == "region"]
    assert len(names) > 20
    assert len(set(names)) == len(names)


def test_links_within_the_page_lead_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {(each["href"] or "")[1:] for each in page.of("a")} <= set(ids)
    assert {each["aria-labelledby"] for _, each in page.tags if "aria-labelledby" in each} <= set(ids)


def test_the_lifts_are_a_table_too_and_checks_that_fail_say_what_to_do(page: Page) -> None:
    assert "Purchase new-checkout +12.00 % [+6.12, +17.88]" in page.text
    assert "better" in page.text
    assert "Look what was released or broke on these days." in page.text
    assert "Look whether one person has several ids" not in page.text  # this check passed


def test_raw_and_adjusted_effects_stand_side_by_side(page: Page) -> None:
    assert "new-checkout raw +1.32 pp [+0.56, +2.08]" in page.text
    assert "new-checkout CUPED (judged) +1.20 pp [+0.61, +1.79]" in page.text


@pytest.mark.parametrize("kind", VerdictKind)
def test_every_verdict_has_its_word_and_its_tone(kind: VerdictKind) -> None:
    found = read(report(verdict=kind))
    assert [each["class"] for each in found.of("section") if "class" in each] == [f"verdict {kind}"]
    assert kind.capitalize() in found.text
    assert ("withheld from judgement" in found.text) is (kind is VerdictKind.INVALID)


@pytest.mark.parametrize("reason", NotEstimableReason)
def test_every_reason_for_no_number_is_said_in_words(reason: NotEstimableReason) -> None:
    first = metric("m", (missing("new-checkout", reason), missing("express", reason)))
    found = read(report((first, replace(undefined_metric("n"), not_estimable=reason))))
    assert found.text.count(REASONS[reason]) > 3
    assert f"Nothing is estimated: {WHY[reason]}." in found.text
    assert "None" not in found.text
    assert "nan" not in found.text.split()


def test_names_are_words_and_never_markup() -> None:
    tags = [tag for tag, _ in read(_hostile(HOSTILE)).tags]
    assert tags == [tag for tag, _ in read(_hostile("plain")).tags]
    found = read(_hostile(HOSTILE))
    assert HOSTILE in found.text
    assert json.loads("".join(found.scripts))["name"] == HOSTILE


def test_what_steers_a_reader_is_written_out() -> None:
    found = read(_hostile("a\x00\x1b[31m\u202eb\n"))
    assert "a\\x00\\x1b[31m\\u202eb" in found.text
    assert not re.search("[\x00-\x08\x1b\u202e]", "".join(found.words))


def test_fifty_metrics_of_ten_variations_are_a_page_with_some_of_the_charts() -> None:
    names = ("control", *(f"v{place}" for place in range(9)))
    some = tuple(comparison(name, effect(0.01, error=0.004, base=0.1)) for name in names[1:])
    courses = tuple(series(name) for name in names[1:])
    metrics = tuple(metric(f"m{number}", some, courses=courses) for number in range(50))
    text = report_page(report(metrics, variations=names))
    found = Page(text)
    assert len(found.of("svg")) == MOST_CHARTS + 2
    assert f"{450 - MOST_CHARTS} more charts over time are not drawn" in found.text
    assert len(text) < 4_000_000


def test_a_report_of_nothing_is_a_page() -> None:
    empty = report((), days=0)
    progress = replace(empty.progress, planned_units=None, planned_end=None, fraction=None, looks=(), critical=None)
    progress = replace(progress, units_per_day=None, days_left=None)
    found = read(replace(empty, progress=progress, health=replace(health(days=0), checks=(), by_dimension=())))
    assert "No metric has a result." in found.text
    assert "the confidence sequence holds however long it runs" in found.text


def _hostile(name: str) -> Report:
    found = report(variations=("control", name, "express"))
    found = replace(found, name=name, hypothesis=name, unit_type=name, experiment_id=name)
    of_name = metric(name, (comparison(name, effect(0.01, error=0.004, base=0.1)),), courses=(series(name),))
    verdict = replace(found.verdict, reasons=(name,), missing=(name,))
    return replace(found, metrics=(of_name,), verdict=verdict)
