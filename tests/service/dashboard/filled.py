"""The form on a page as a browser would send it, nothing touched."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx


class _Reader(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.fields: dict[str, str | list[str]] = {}
        self._form_id = form_id
        self._within = False
        self._area: str | None = None
        self._choice: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._within = given.get("id") == self._form_id
        if not self._within:
            return
        name = given.get("name", "")
        if tag == "input" and name and self._is_sent(given):
            self._take(name, given.get("value", ""))
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""
        elif tag == "select":
            self._choice = name
        elif tag == "option" and self._choice and ("selected" in given or self._choice not in self.fields):
            self.fields[self._choice] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._within = False
        elif tag == "textarea" and self._area is not None:
            self.fields[self._area] = str(self.fields[self._area]).removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._choice = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.fields[self._area] = f"{self.fields[self._area]}{data}"

    @staticmethod
    def _is_sent(given: dict[str, str]) -> bool:
        return given.get("type") not in ("checkbox", "radio") or "checked" in given

    def _take(self, name: str, value: str) -> None:
        before = self.fields.get(name)
        if before is None:
            self.fields[name] = value
        else:
            self.fields[name] = [*([before] if isinstance(before, str) else before), value]


def filled(page: httpx.Response, form_id: str) -> dict[str, str | list[str]]:
    """Return the fields of the form of this id, by name, as they are on the page."""
    reader = _Reader(form_id)
    reader.feed(page.text)
    assert reader.fields, f"there is no form {form_id!r} on {page.url}"
    return reader.fields
