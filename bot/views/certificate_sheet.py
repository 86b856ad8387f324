"""The register of a scope as a workbook: one row a certificate, the most pressing first."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from bot.reports.certificates import Shown
from bot.settings import Palette
from bot.views.certificates import SHEET_HEADER, sheet_row

MOST_ROWS_OF_A_SHEET = 1_000_000
"""A worksheet ends at 1,048,576 rows; what is more goes on the next one."""
TITLE = "证照到期"


def certificates_workbook(rows: Iterable[Shown], palette: Palette) -> tuple[bytes, int]:
    """Return the workbook and how many certificates stand in it."""
    # Imported here: it costs 30 MiB and is needed by few.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet: Any = None
    count = 0
    for shown in rows:
        if count % MOST_ROWS_OF_A_SHEET == 0:
            sheet = _begun(book, count // MOST_ROWS_OF_A_SHEET)
        sheet.append([_safe(sheet, cell) for cell in sheet_row(shown, palette)])
        count += 1
    if sheet is None:
        _begun(book, 0)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue(), count


def _begun(book: Any, number: int) -> Any:
    sheet = book.create_sheet(TITLE if number == 0 else f"{TITLE}{number + 1}")
    sheet.freeze_panes = "A2"
    sheet.append(SHEET_HEADER)
    return sheet


def _safe(sheet: Any, cell: str | int) -> Any:
    """Return text as text: a holder that begins with = must not become a formula."""
    if not isinstance(cell, str):
        return cell
    if not cell.isprintable():
        cell = "".join(mark for mark in cell if mark.isprintable())
    if not cell.startswith("="):
        return cell
    from openpyxl.cell import WriteOnlyCell

    quoted = WriteOnlyCell(sheet, cell)
    quoted.data_type = "s"
    return quoted
