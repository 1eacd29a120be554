"""What holds of the source as text: length, purity, and what a file is called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SOURCES = sorted((PROJECT / "src").rglob("*.py"))
BENCHMARKS = sorted((PROJECT / "benchmarks").rglob("*.py"))
TESTS = sorted((PROJECT / "tests").rglob("*.py"))
PURE = [path for path in SOURCES if {"model", "decision", "stats"} & set(path.relative_to(PROJECT).parts)]

MOST_LINES = 400
MOST_LINES_OF_TESTS = 500  # a list of sentences is read a sentence at a time
NOT_PURE = {"os", "random", "secrets", "socket", "subprocess", "threading", "time", "asyncio", "pathlib", "logging"}
# Functions of modules that are pure otherwise, by which clock or chance would come in.
CLOCK_OR_CHANCE = {"now", "utcnow", "today", "uuid1", "uuid4", "getenv", "open", "print", "input"}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base", "core", "types"}


def shown(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the outermost package of everything the module imports, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".", maxsplit=1)[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".", maxsplit=1)[0]


def called(tree: ast.Module) -> Iterator[str]:
    """Yield the last name of everything the module calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 50
    assert len(PURE) > 10


def test_no_file_is_too_long_to_be_about_one_thing() -> None:
    limits = {**dict.fromkeys([*SOURCES, *BENCHMARKS], MOST_LINES), **dict.fromkeys(TESTS, MOST_LINES_OF_TESTS)}
    lines = {shown(path): len(path.read_text().splitlines()) - limit for path, limit in limits.items()}
    assert {path: f"{over} lines too many" for path, over in lines.items() if over > 0} == {}


@pytest.mark.parametrize("path", PURE, ids=shown)
def test_values_decisions_and_numbers_know_no_clock_no_chance_and_no_machine(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not NOT_PURE & set(imports(tree))
    assert not CLOCK_OR_CHANCE & set(called(tree))


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_file_is_named_by_what_it_is_about(path: Path) -> None:
    assert not NAMES_THAT_SAY_NOTHING & {*path.relative_to(PROJECT).with_suffix("").parts}


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_file_says_what_it_is_about(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_only_settings_reads_the_environment(path: Path) -> None:
    if path.name == "settings.py":
        return
    reads = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    assert not {"environ", "getenv"} & {node.attr for node in reads if _is_os(node.value)}


def _is_os(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "os"
