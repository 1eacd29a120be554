"""The examples of the documentation run, and the reference names everything there is."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

import variate
from tests.acceptance.examples import errors_of
from variate import errors
from variate.platform import Platform
from variate.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]
_PAGES = [_ROOT / "README.md", *sorted((_ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"(<!-- needs [^>]*-->\n)?```python\n(.*?)```", re.DOTALL)
_PICTURE = re.compile(r'\b(?:src|srcset)="([^"]+)"')
_MOST_BYTES = 120_000
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def _examples(page: Path) -> str:
    """Return the page's Python, but for what needs an engine that the page says it needs."""
    return "\n".join(code for needs, code in _BLOCK.findall(page.read_text()) if not needs)


def _name(page: Path) -> str:
    return page.relative_to(_ROOT).as_posix()


@pytest.mark.parametrize("page", [page for page in _PAGES if _examples(page)], ids=_name)
def test_the_examples_of_a_page_run_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    assert errors_of(_examples(page), folder=tmp_path) is None


@pytest.mark.parametrize("page", _PAGES, ids=_name)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = [link for link in _LINK.findall(page.read_text()) if "://" not in link]
    assert [link for link in targets if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", _PAGES, ids=_name)
def test_the_pictures_of_a_page_are_there_in_both_themes(page: Path) -> None:
    shown = [page.parent / name for name in _PICTURE.findall(page.read_text())]
    assert [picture for picture in shown if not picture.exists()] == []
    of_theme = {theme: [each for each in shown if each.stem.endswith(theme)] for theme in ("-light", "-dark")}
    assert [each.with_stem(each.stem.replace("-dark", "-light")) for each in of_theme["-dark"]] == of_theme["-light"]


def test_every_picture_is_shown_and_small() -> None:
    there = sorted((_ROOT / "docs" / "images").rglob("*.png"))
    shown = {(page.parent / name).resolve() for page in _PAGES for name in _PICTURE.findall(page.read_text())}
    assert [picture for picture in there if picture not in shown] == []
    assert [picture.name for picture in there if picture.stat().st_size > _MOST_BYTES] == []


def _reference(name: str) -> str:
    return (_ROOT / "docs" / "reference" / f"{name}.md").read_text()


def test_the_reference_names_every_public_name() -> None:
    page = _reference("functions")
    assert [name for name in variate.__all__ if f"`{name}" not in page] == []


def test_the_reference_names_every_method_of_the_platform(tmp_path: Path) -> None:
    pages = _reference("functions") + _reference("platform")
    with Platform.open(Settings(home=tmp_path)) as platform:
        methods = [name for name in dir(platform) if not name.startswith("_") and callable(getattr(platform, name))]
    assert [name for name in methods if f"`{name}" not in pages and f"Platform.{name}" not in pages] == []


def test_the_reference_names_every_setting() -> None:
    sources = [(_ROOT / "src" / "variate" / name).read_text() for name in ("settings.py", "service_settings.py")]
    variables = set(re.findall(r'(?:text|whole|number|truth|listed)\(\s*"([A-Z_]+)"', "".join(sources)))
    assert len(variables) > 40
    page = _reference("settings")
    assert [name for name in sorted(variables) if f"`{name}`" not in page] == []


def test_the_reference_names_every_error_with_its_code() -> None:
    page = _reference("errors")
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.VariateError)]
    assert [each.__name__ for each in found if f"`{each.__name__}`" not in page or f"`{each.code}`" not in page] == []


def test_the_reference_names_every_command() -> None:
    from variate.cli import main

    page = _reference("cli")
    context = click.Context(main)
    names = []
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        inner = command.list_commands(context) if isinstance(command, click.Group) else []
        names += [f"variate {name} {each}" for each in inner] or [f"variate {name}"]
    assert len(names) > 20
    assert [name for name in names if f"`{name}" not in page] == []
