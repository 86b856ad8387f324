"""Workbooks as Excel and WPS open them: written plainly, read back as text, marked with comments.

Cells are text, nothing is a formula or a macro; a hidden sheet keeps what was exported, so that
only what an editor changed counts as a change.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from knowledge.editing.cells import typed_text

HIDDEN = "原样"
AUTHOR = "一口清"
TEXT_FORMAT = "@"
WIDTHS = {"事实": 60, "改为": 24, "依据": 24, "群众的说法": 36, "哪件事、哪份材料": 30, "编号": 22}
WIDTH = 16
CHUNK = 30_000
_HEADER = PatternFill("solid", fgColor="D9E1F2")
_KEY = PatternFill("solid", fgColor="F2F2F2")
_RED = PatternFill("solid", fgColor="FFC7CE")


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet as rows of text under a header; the first `keys` columns are not to be edited."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row read back, with its number in Excel."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, title: str) -> str:
        """Return a cell's text; a column that is missing is empty."""
        return self.cells.get(title, "")


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell, by sheet, row and column title."""

    sheet: str
    row: int
    title: str


def write_book(pages: Sequence[Page], original: Mapping[str, Any]) -> bytes:
    """Return a workbook of these pages that remembers what it was made from."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for page in pages:
        _write_page(book.create_sheet(page.title), page)
    hidden = book.create_sheet(HIDDEN)
    text = json.dumps(original, ensure_ascii=False, separators=(",", ":"))
    for line, start in enumerate(range(0, len(text), CHUNK), start=1):
        hidden.cell(line, 1, "'" + text[start : start + CHUNK])
    hidden.sheet_state = "hidden"
    return _saved(book)


def _write_page(sheet: Worksheet, page: Page) -> None:
    top = 1
    if page.note:
        sheet.cell(1, 1, page.note).alignment = Alignment(vertical="top")
        top = 2
    for place, title in enumerate(page.header, start=1):
        cell = _cell(sheet, top, place)
        cell.value = title
        cell.font, cell.fill = Font(bold=True), _HEADER
        sheet.column_dimensions[get_column_letter(place)].width = WIDTHS.get(title, WIDTH)
    for line, row in enumerate(page.rows, start=top + 1):
        for place, text in enumerate(row, start=1):
            cell = _cell(sheet, line, place)
            if text:
                cell.value = "".join(mark for mark in text if mark >= " " or mark in "\n\t")
                cell.data_type = "s"  # what begins with = must not become a formula
            cell.number_format = TEXT_FORMAT
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if place <= page.keys:
                cell.fill = _KEY
    sheet.freeze_panes = f"A{top + 1}"
    last = get_column_letter(len(page.header))
    sheet.auto_filter.ref = f"A{top}:{last}{top + max(len(page.rows), 1)}"


def _cell(sheet: Worksheet, line: int, place: int) -> Cell:
    cell = sheet.cell(line, place)
    assert isinstance(cell, Cell), "nothing is merged here"
    return cell


def _saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read_book(
    content: bytes, headers: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[Line, ...]], dict[str, Any] | None]:
    """Return the rows of the known sheets under their headers, and what was exported.

    The header is the first of the top rows that holds the sheet's first title; empty rows are
    left out. What was exported is None where the hidden sheet is gone.
    """
    book = load_workbook(io.BytesIO(content), data_only=True)
    pages = {
        title: tuple(_lines(book[title], header))
        for title, header in headers.items()
        if title in book.sheetnames
    }
    return pages, _original(book)


def _lines(sheet: Worksheet, header: Sequence[str]) -> Iterable[Line]:
    titles: list[str] = []
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [typed_text(_plain(value)) for value in row]
        if not titles:
            titles = cells if header[0] in cells else []
            continue
        if any(cells):
            yield Line(number, dict(zip(titles, cells, strict=False)))


def _plain(value: object) -> str | int | float | bool | date | None:
    if value is None or isinstance(value, str | int | float | bool | date):
        return value
    return str(value)


def _original(book: Any) -> dict[str, Any] | None:
    if HIDDEN not in book.sheetnames:
        return None
    cells = (row[0] for row in book[HIDDEN].iter_rows(values_only=True))
    text = "".join(str(cell).removeprefix("'") for cell in cells if cell is not None)
    try:
        kept = json.loads(text)
    except ValueError:
        return None
    return kept if isinstance(kept, dict) else None


def mark_cells(content: bytes, problems: Mapping[Spot, str]) -> bytes:
    """Return the same workbook with bad cells red and each problem as a comment."""
    book = load_workbook(io.BytesIO(content))
    for spot, text in problems.items():
        sheet = book[spot.sheet]
        titles = _titles(sheet)
        cell = _cell(sheet, spot.row, titles.get(spot.title, 1))
        cell.fill = _RED
        cell.comment = Comment(text, AUTHOR, height=90, width=300)
    return _saved(book)


def _titles(sheet: Worksheet) -> dict[str, int]:
    for row in sheet.iter_rows(min_row=1, max_row=3):
        found = {str(cell.value): cell.column for cell in row if cell.value}
        if len(found) > 1:
            return found
    return {}
