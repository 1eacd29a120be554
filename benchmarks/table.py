"""The lines as a plain table, for a terminal or for a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.line import Line

HEADINGS = ("what", "unit", "ours", "bare", "ratio", "aim", "")


def as_text(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the table with its columns in line, figures to the right."""
    rows = [HEADINGS, *(line.cells for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if 2 <= place <= 5 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def as_markdown(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the table as Markdown."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for line in lines:
        yield f"| {' | '.join(line.cells)} |"
