"""That what the first look at each page would wait for is made ready beside the first look at any."""

from __future__ import annotations

import logging
import threading

import pytest
from jinja2 import DictLoader, Environment, TemplateNotFound

from variate.server.dashboard import templating, warming
from variate.server.dashboard.warming import Warming


def _end(warming_up: Warming) -> None:
    thread = warming_up._thread
    assert thread is not None
    thread.join(timeout=60)
    assert not thread.is_alive()


def test_every_template_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = Environment(autoescape=True, loader=DictLoader({"one": "1", "two": "2"}))
    monkeypatch.setattr(templating, "_environment", lambda: pages)
    begun = Warming()
    begun.begin()
    _end(begun)
    assert pages.cache is not None
    assert {name for _, name in pages.cache} == {"one", "two"}


def test_it_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(warming, "_warm", lambda: done.append(threading.current_thread().name))
    begun = Warming()
    for _ in range(3):
        begun.begin()
    _end(begun)
    assert done == ["variate-warming"]


def test_what_fails_is_logged_and_left_to_who_looks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise TemplateNotFound("gone")

    monkeypatch.setattr(templating, "compile_all", fail)
    begun = Warming()
    begun.begin()
    _end(begun)
    assert [each.levelno for each in caplog.records] == [logging.ERROR]


def test_our_own_templates_all_compile() -> None:
    templating.compile_all()
