"""A page is a sequence of its items."""

from __future__ import annotations

from variate.model import Page


def test_a_page_is_read_as_a_sequence() -> None:
    page = Page(("a", "b", "c"), "next")
    assert (len(page), page[0], page[-1], page[1:]) == (3, "a", "c", ("b", "c"))
    assert [*page] == ["a", "b", "c"]
    assert "b" in page


def test_the_last_page_has_no_key() -> None:
    page: Page[str] = Page(())
    assert (len(page), page.last_key) == (0, None)
