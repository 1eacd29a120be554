"""``python -m benchmarks [SECTION ...]``: measure, and print one table. ``--help`` lists the sections."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from benchmarks import table
from benchmarks.engines import Engines, MissingEngineError, running_engines
from benchmarks.line import Line

Section: TypeAlias = Callable[..., Iterator[Line]]

# Module and function of each, imported when its turn comes: a driver that is not installed costs its own lines only.
SECTIONS = {
    "process": ("benchmarks.process", "lines"),
    "decision": ("benchmarks.decision", "lines"),
    "sqlite": ("benchmarks.sqlite", "lines"),
    "import": ("benchmarks.bulk_import", "lines"),
    "postgres": ("benchmarks.postgres", "lines"),
    "memory": ("benchmarks.redis", "lines_in_memory"),
    "redis": ("benchmarks.redis", "lines"),
    "dynamodb": ("benchmarks.dynamodb", "lines"),
    "files": ("benchmarks.files", "lines"),
    "statistics": ("benchmarks.statistics", "lines"),
    "aggregation": ("benchmarks.aggregation", "lines"),
    "service": ("benchmarks.service", "lines"),
    "service-intake": ("benchmarks.service_intake", "lines"),
    "dashboard": ("benchmarks.dashboard", "lines"),
}


def main(arguments: Sequence[str]) -> int:
    """Run the sections asked for and print their lines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"all, or some of: {', '.join(SECTIONS)}")
    parser.add_argument("--turns", type=int, default=15, help="turns each side takes in a comparison (15)")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args(arguments)
    unknown = set(options.sections) - set(SECTIONS)
    if unknown or options.turns < 1:
        parser.error(f"unknown section: {', '.join(sorted(unknown))}" if unknown else "--turns must be at least 1")
    lines: list[Line] = []
    with running_engines() as engines:
        for name in options.sections or SECTIONS:
            for line in _measured(name, engines, turns=options.turns):
                lines.append(line)
                print("  ".join(filter(None, line.cells)), file=sys.stderr)
    print("\n".join(table.as_markdown(lines) if options.markdown else table.as_text(lines)))
    return 0


def _measured(name: str, engines: Engines, *, turns: int) -> Iterator[Line]:
    module, function = SECTIONS[name]
    try:
        section: Section = getattr(importlib.import_module(module), function)
        yield from section(engines, turns=turns)
    except (ModuleNotFoundError, MissingEngineError) as error:
        yield Line(what=f"{name}: not measured", unit="", note=str(error))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
