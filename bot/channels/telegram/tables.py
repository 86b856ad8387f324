"""Tables for a phone: aligned columns where they are narrow, else a line for each row."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

from bot.dialogue import Table

WIDEST = 36
"""Columns of fixed-width text that a narrow phone shows without breaking a line."""


def columns_of(text: str) -> int:
    """Return how many columns a text takes; Chinese characters take two."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def is_narrow(table: Table) -> bool:
    """Tell whether a table fits a phone as aligned columns."""
    return sum(_widths(table)) + 2 * (len(table.header) - 1) <= WIDEST


def aligned(table: Table) -> str:
    """Write a table in columns, the first to the left, the others to the right."""
    widths = _widths(table)
    return "\n".join(_aligned_row(row, widths) for row in (table.header, *table.rows))


def in_lines(table: Table) -> str:
    """Write each row as one line: its first cell, then the others with their headings."""
    return "\n".join(_line(table.header, row) for row in table.rows)


def _widths(table: Table) -> list[int]:
    rows = (table.header, *table.rows)
    return [
        max((columns_of(row[n]) for row in rows if n < len(row)), default=0)
        for n in range(len(table.header))
    ]


def _aligned_row(row: tuple[str, ...], widths: list[int]) -> str:
    cells = []
    for number, (cell, width) in enumerate(zip(row, widths, strict=False)):
        gap = " " * (width - columns_of(cell))
        cells.append(cell + gap if number == 0 else gap + cell)
    return "  ".join(cells).rstrip()


def _line(header: tuple[str, ...], row: tuple[str, ...]) -> str:
    first, *others = row
    told = "，".join(
        f"{name} {cell}".strip() for name, cell in zip(header[1:], others, strict=False)
    )
    return f"{first}：{told}" if told else first
