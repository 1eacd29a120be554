"""The whole story in Chromium: sign in, create, launch, watch results arrive, decide, promote a flag, explain a unit.

Once with scripts and once without: what comes by itself with them comes by a reload without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.service.dashboard import traffic
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import PASSWORD
from tests.service.running import Running, running
from variate.platform import Platform
from variate.settings import Settings

expect.set_options(timeout=20_000)  # a busy machine is no failure

UNITS = 2_000
_TABS = 80
"""More than there are stops on any page of the story."""


def reached_by_tab(page: Page, wanted: Locator) -> None:
    """Go on by the key Tab until this is focused, which has to be seen."""
    for _ in range(_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("it => it === document.activeElement"):
            outline = wanted.evaluate("it => [getComputedStyle(it).outlineStyle, getComputedStyle(it).outlineWidth]")
            assert outline == ["solid", "3px"]
            return
    pytest.fail("the key Tab does not lead there")


@dataclass
class Story:
    """Somebody's way through the dashboard; ``has_scripts`` says how the browser is."""

    page: Page
    service: Running
    email: str
    has_scripts: bool

    @property
    def name(self) -> str:
        """What the experiment and the flag of this way are called by."""
        return "one-page-with" if self.has_scripts else "one-page-without"

    @property
    def experiment(self) -> str:
        """The path of the experiment."""
        return f"/experiments/{self.name}"

    def look(self) -> None:
        """Have axe look at the page as it is: it needs scripts, and the markup is the same without."""
        if self.has_scripts:
            assert_clean(self.page)

    def signs_in_by_keyboard(self) -> None:
        page = self.page
        page.goto("/experiments/new")
        expect(page).to_have_url(re.compile("/sign-in"))
        self.look()
        reached_by_tab(page, page.get_by_label("E-mail address"))
        page.keyboard.type(self.email)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/experiments/new$"))

    def defines_what_it_takes(self) -> None:
        page = self.page
        page.goto("/metric-catalog/new")
        page.get_by_label("Id", exact=False).first.fill(f"orders-{self.name}")
        page.get_by_label("Event type").fill("order")
        self.look()
        page.get_by_role("button", name="Create the metric").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"orders-{self.name}")
        self.look()
        page.goto("/audiences/new")
        page.get_by_label("Id", exact=False).first.fill(f"pro-{self.name}")
        page.get_by_role("button", name="Add an attribute").click()
        page.get_by_label("Attribute", exact=True).fill("plan")
        page.get_by_label("Value", exact=True).fill("pro")
        self.look()
        page.get_by_role("button", name="Create the audience").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"pro-{self.name}")
        self.look()

    def creates_the_experiment(self) -> None:
        page = self.page
        page.goto("/experiments/new")
        self.look()
        page.get_by_label("Name", exact=False).first.fill(f"One page: {self.name}")
        page.get_by_label("Owner").fill("Ada")
        page.get_by_label("Hypothesis").fill("Fewer steps are less work, so more people order.")
        for number, name in ((1, "control"), (2, "one-page")):
            variation = page.get_by_role("group", name=f"Variation {number}")
            variation.get_by_label("Name").fill(name)
            variation.get_by_label("Weight").fill("50")
        page.get_by_role("button", name="Add an audience").click()
        page.get_by_label("Audience", exact=True).fill(f"pro-{self.name}")
        page.get_by_text("For engineers").click()
        page.get_by_label("Id", exact=False).last.fill(self.name)
        metric = page.get_by_role("group", name="Metric 1")
        metric.get_by_label("Metric").fill(f"orders-{self.name}")
        metric.get_by_label("Role").select_option("goal")
        page.get_by_label("Baseline: what it is today").fill("20")
        page.get_by_label("Smallest effect to tell").fill("40")
        page.get_by_label("Units a day").fill("500")
        page.get_by_role("button", name="Reckon").click()
        expect(page.get_by_role("heading", name="What it takes")).to_be_visible()
        self.look()
        page.get_by_role("button", name="Use this plan").click()
        expect(page.get_by_label("Units in all variations")).not_to_have_value("")
        page.get_by_role("button", name="Create the draft").last.click()
        expect(page).to_have_url(re.compile(f"{self.experiment}\\?done=created"))

    def launches_it_by_keyboard(self) -> None:
        page = self.page
        expect(page.get_by_role("heading", name="Launch checklist")).to_be_visible()
        expect(page.get_by_text("blocks the launch")).to_have_count(0)
        self.look()
        reached_by_tab(page, page.get_by_role("link", name="Launch", exact=False).first)
        page.keyboard.press("Enter")
        expect(page.get_by_text("What will happen")).to_be_visible()
        self.look()
        reached_by_tab(page, page.get_by_role("button", name="Launch", exact=True))
        page.keyboard.press("Enter")
        expect(page.locator("[data-live=status]")).to_contain_text("active")
        self.look()

    def makes_a_key(self) -> str:
        page = self.page
        page.goto("/keys/new")
        page.get_by_label("Name").fill(f"shop {self.name}")
        self.look()
        page.get_by_role("button", name="Create the key").click()
        secret = page.get_by_label("Secret").input_value()
        page.get_by_role("link", name="I have kept it").click()
        self.look()
        return secret

    def makes_the_first_report(self) -> None:
        page = self.page
        page.goto(f"{self.experiment}/results")
        self.look()
        page.get_by_label("Dimensions").fill("country")
        page.get_by_role("button", name="Make a report").click()
        self._arrives()
        page.goto("/")
        running = page.get_by_role("table", name="Running experiments", exact=False)
        expect(running.get_by_role("rowheader", name=f"One page: {self.name}")).to_be_visible()
        page.goto(f"{self.experiment}/results")

    def watches_a_report_arrive(self, context: BrowserContext) -> None:
        """Read the results while somebody else has a report made: it is offered, and nothing moves."""
        page = self.page
        page.evaluate("window.isTheSamePage = true")
        chart = page.get_by_role("region", name="Lifts of all metrics", exact=False)
        chart.focus()
        assert page.evaluate("scrollY") > 0
        where = "[scrollY, document.activeElement.getBoundingClientRect().top]"
        before = page.evaluate(where)
        other = context.new_page()
        other.goto(f"{self.experiment}/results")
        other.get_by_text("Make a report now").click()
        other.get_by_role("button", name="Make a report").click()
        told = page.get_by_text("A newer report is here")
        told.wait_for()
        assert page.evaluate(where) == before
        expect(chart).to_be_focused()
        assert page.evaluate("window.isTheSamePage")
        other.close()
        page.get_by_role("link", name="Show it").click()

    def reloads_for_a_report(self) -> None:
        """Without scripts: have a report made, and load the page until it is there."""
        page = self.page
        page.goto(f"{self.experiment}/results")
        page.get_by_text("Make a report now").click()
        page.get_by_role("button", name="Make a report").click()
        self._arrives()

    def decides(self) -> None:
        page = self.page
        expect(page.get_by_role("heading", name="Ship: one-page")).to_be_visible()
        self.look()
        page.get_by_role("link", name="Decide").click()
        page.get_by_label("Decision").select_option(label="Ship: everybody gets the variation")
        page.get_by_label("Variation to ship").select_option("one-page")
        page.get_by_label("Why").fill("More people order, in every country.")
        self.look()
        page.get_by_role("button", name="Complete the experiment").click()
        expect(page.get_by_role("heading", name="What was decided")).to_be_visible()
        expect(page.get_by_text("More people order, in every country.")).to_be_visible()
        self.look()

    def ships_it_by_a_flag(self, secret: str) -> None:
        page = self.page
        page.goto("/flags/new")
        page.get_by_label("Name", exact=True).fill(f"Flag {self.name}")
        page.get_by_label("Id", exact=False).first.fill(self.name)
        page.get_by_label("Served where no rule decides").fill("off")
        page.get_by_label("Switch it on at once").check()
        self.look()
        page.get_by_role("button", name="Create the flag").click()
        self.look()
        assert self.is_served(secret) is False
        page.get_by_role("link", name="Edit dev").click()
        otherwise = page.get_by_role("group", name="Else it serves")
        otherwise.get_by_label("one variation").check()
        otherwise.get_by_label("Variation", exact=True).select_option("on")
        self.look()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("listitem").filter(has_text="(this service)")).to_contain_text("Else: on")
        assert self.is_served(secret) is True
        page.get_by_role("button", name="Show what differs").click()
        self.look()
        page.get_by_role("button", name="Promote: make prod as dev is").click()
        prod = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="prod"))
        expect(prod).to_contain_text("Else: on")
        self.look()

    def kills_it(self, secret: str) -> None:
        page = self.page
        page.get_by_role("link", name="Switch off", exact=True).click()
        self.look()
        page.get_by_role("button", name="Switch off").click()
        expect(page.get_by_role("link", name="Switch on", exact=True)).to_be_visible()
        assert self.is_served(secret) is False

    def finds_it_at_home(self) -> None:
        page = self.page
        page.goto("/")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=f"Flag {self.name}", exact=True))
        expect(row).to_contain_text("status change: status active → inactive")
        self.look()

    def explains_a_unit(self) -> None:
        page = self.page
        page.goto("/explain")
        page.get_by_label("Unit", exact=True).fill(traffic.unit_of(7))
        page.get_by_label("Flag").fill(self.name)
        page.get_by_role("button", name="Explain", exact=True).click()
        expect(page.get_by_role("heading", name=f"{traffic.unit_of(7)} gets off")).to_be_visible()
        expect(page.get_by_role("rowheader", name=self.name, exact=True)).to_be_visible()
        self.look()

    def reads_who_did_it(self) -> None:
        page = self.page
        page.goto("/audit")
        page.get_by_label("By").fill(f"person:{self.email}")
        page.get_by_role("button", name="Filter").click()
        self.look()
        told = page.locator("ol.entries > li > p").all_inner_texts()
        assert all(each.endswith(f"by person:{self.email}") for each in told)
        assert [re.split(r" UTC | by ", each)[1] for each in told if " key " not in each] == [
            f"status change of flag {self.name}",
            f"promoted of flag {self.name}",
            f"environment updated of flag {self.name}",
            f"created of flag {self.name}",
            f"status change of experiment {self.name}",
            f"status change of experiment {self.name}",
            f"created of experiment {self.name}",
            f"created of audience pro-{self.name}",
            f"created of metric orders-{self.name}",
        ]
        assert sum(" created of key " in f" {each}" for each in told) == 1

    def is_served(self, secret: str) -> object:
        """Return what an application is given for the flag."""
        answer = httpx.post(
            f"{self.service.url}/ofrep/v1/evaluate/flags/{self.name}",
            json={"context": {"targetingKey": traffic.unit_of(7)}},
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def _arrives(self) -> None:
        page = self.page
        if self.has_scripts:
            page.get_by_role("link", name="Show it").click()
        else:
            for _ in range(100):
                page.goto(f"{self.experiment}/results")
                if not page.get_by_text("A report is being made").count():
                    break
        expect(page.get_by_role("heading", name="Can it be trusted", exact=False)).to_be_visible()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that knows the keys that are made on its pages."""
    settings = Settings(home=tmp_path_factory.mktemp("story"), environments=("dev", "prod"))
    with Platform.open(settings) as platform, running(platform, keyring=platform.keyring) as served:
        yield served


# The walk without scripts is the second of the same way, and every page's own tests ask for it without scripts.
@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.slow)], ids=["with scripts", "without scripts"])
def context(request: pytest.FixtureRequest, chromium: Chromium, service: Running) -> Iterator[BrowserContext]:
    """A browser in which nobody is signed in; at the end no page may have logged an error or raised one."""
    wrong: list[str] = []
    context = chromium.new_context(base_url=service.url, java_script_enabled=request.param)
    context.set_default_timeout(20_000)
    context.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    yield context
    context.close()
    assert wrong == []


def test_the_whole_story(context: BrowserContext, service: Running, request: pytest.FixtureRequest) -> None:
    has_scripts = request.node.callspec.params["context"]
    email = f"ada-{'with' if has_scripts else 'without'}@example.com"
    service.platform.add_person(email, role="admin", name="Ada", password=PASSWORD)
    story = Story(page=context.new_page(), service=service, email=email, has_scripts=has_scripts)
    story.signs_in_by_keyboard()
    story.defines_what_it_takes()
    story.creates_the_experiment()
    story.launches_it_by_keyboard()
    secret = story.makes_a_key()
    traffic.send(service.url, secret, story.name, range(UNITS // 4))
    story.makes_the_first_report()
    traffic.send(service.url, secret, story.name, range(UNITS // 4, UNITS))
    if has_scripts:
        story.watches_a_report_arrive(context)
    else:
        story.reloads_for_a_report()
    story.decides()
    story.ships_it_by_a_flag(secret)
    story.kills_it(secret)
    story.finds_it_at_home()
    story.explains_a_unit()
    story.reads_who_did_it()
