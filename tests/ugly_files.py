"""Exports as they really come: files made by the tests, each ugly in its own way."""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

CASE_HEADER = (
    "办件编号", "事项名称", "区县", "部门", "经办人", "受理日期", "承诺时限", "办件状态",
    "办结日期",
)  # fmt: skip


def a_case(number: object = "410200-001", **changed: object) -> list[object]:
    """Return a good row; name a column to say something else in it."""
    cells: dict[str, object] = {
        "办件编号": number,
        "事项名称": "不动产登记",
        "区县": "龙亭区",
        "部门": "人社局",
        "经办人": "张三",
        "受理日期": "2025-01-20",
        "承诺时限": "5个工作日",
        "办件状态": "在办",
        "办结日期": "",
    }
    cells.update(changed)
    return [cells[name] for name in CASE_HEADER]


def cases(count: int, **changed: object) -> list[list[object]]:
    """Return so many good rows with numbers of their own."""
    return [a_case(f"410200-{n:03d}", **changed) for n in range(1, count + 1)]


def a_csv(
    rows: Iterable[Sequence[object]],
    header: Sequence[str] = CASE_HEADER,
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> bytes:
    """Return a csv."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode(encoding)


def an_xlsx(rows: Iterable[Sequence[object]], header: Sequence[str] = CASE_HEADER) -> bytes:
    """Return a tidy xlsx."""
    book, sheet = _book()
    for row in (header, *rows):
        sheet.append(list(row))
    return _saved(book)


def titled_and_merged(rows: Sequence[Sequence[object]]) -> bytes:
    """Return an xlsx with titles, a blank row, a header of two merged rows, totals and a footer."""
    book, sheet = _book()
    sheet.append(["开封市政务服务办件明细表"])
    sheet.merge_cells("A1:J1")
    sheet.append(["导出时间：2025-02-06 08:00", None, "单位：件"])
    sheet.append([])
    sheet.append(
        ["序号", "申办号*", "事项", None, "所在", None, "经办人", "受理时间", "时限", None]
    )
    sheet.append([None, None, "名称", "编码", "区县", "单位", None, None, "承诺（工作日）", "法定"])
    for title in ("A4:A5", "B4:B5", "C4:D4", "E4:F4", "G4:G5", "H4:H5", "I4:J4"):
        sheet.merge_cells(title)
    for place, row in enumerate(rows, start=1):
        number, item, district, unit, handler, accepted, limit, *_ = row
        sheet.append([place, number, item, "X1", district, unit, handler, accepted, limit, 20])
        if place == 1:
            sheet.append([])
    sheet.append(["小计", None, None, None, None, None, None, None, len(rows)])
    sheet.append(["合 计", None, None, None, None, None, None, None, len(rows)])
    sheet.append(["制表人：某某", None, None, "2025-02-06"])
    return _saved(book)


def several_sheets(rows: Sequence[Sequence[object]]) -> bytes:
    """Return an xlsx whose cases stand on the third sheet, after a cover and a small summary."""
    book, cover = _book()
    cover.append(["封面"])
    summary = book.create_sheet("汇总")
    summary.append(["区县", "部门", "件数"])
    summary.append(["龙亭区", "人社局", 3])
    sheet = book.create_sheet("明细")
    for row in (CASE_HEADER, *rows):
        sheet.append(list(row))
    return _saved(book)


def stray_cell(rows: Sequence[Sequence[object]], *, says_how_far: bool) -> bytes:
    """Return an xlsx with a blank-looking cell in the farthest corner."""
    book, sheet = _book()
    for row in (CASE_HEADER, *rows):
        sheet.append(list(row))
    sheet.cell(1_048_576, 16_384, " ")
    written = _saved(book)
    return written if says_how_far else _without_dimension(written)


def _without_dimension(content: bytes) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, re.sub(rb"<dimension[^>]*>", b"", text))
    return changed.getvalue()


def dated(*days: object) -> bytes:
    """Return an xlsx with one case for each way to write the day of acceptance."""
    rows = [a_case(f"410200-{n:03d}", 受理日期=day) for n, day in enumerate(days, start=1)]
    return an_xlsx(rows)


def encrypted() -> bytes:
    """Return what Office's encryption leaves to see: an OLE file with an EncryptedPackage."""
    marker = "EncryptedPackage".encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + marker + b"\0" * 5000


def an_xls(rows: Iterable[Sequence[object]], header: Sequence[str] = CASE_HEADER) -> bytes:
    """Return an xls as Excel 97 wrote it: BIFF8 records in an OLE file, put together by hand."""
    cells = b"".join(
        _biff_cell(line, place, value)
        for line, row in enumerate((header, *rows))
        for place, value in enumerate(row)
        if value not in ("", None)
    )
    version = struct.pack("<HH", 0x0600, 0x0005) + b"\0" * 12
    name = "明细".encode("utf-16-le")
    size_of_globals = 20 + 4 + 8 + len(name) + 4
    listed = struct.pack("<IHBB", size_of_globals, 0, 2, 1) + name
    book = _biff(0x0809, version) + _biff(0x0085, listed) + _biff(0x000A, b"")
    sheet = struct.pack("<HH", 0x0600, 0x0010) + b"\0" * 12
    return _ole("Workbook", book + _biff(0x0809, sheet) + cells + _biff(0x000A, b""))


def _biff(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _biff_cell(line: int, place: int, value: object) -> bytes:
    if isinstance(value, int | float):
        return _biff(0x0203, struct.pack("<HHHd", line, place, 0, value))
    text = str(value)
    said = struct.pack("<HHHHB", line, place, 0, len(text), 1) + text.encode("utf-16-le")
    return _biff(0x0204, said)


_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def _ole(name: str, stream: bytes) -> bytes:
    """Wrap one stream: header, one sector of allocation table, one of directory, the stream."""
    stream += b"\0" * max(0, 4096 - len(stream))
    sectors = -(-len(stream) // _SECTOR)
    chain = [_FAT, _END, *range(3, sectors + 2), _END]
    assert len(chain) <= _SECTOR // 4, "one sector of allocation table is enough for a test"
    table = struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    root = _ole_entry("Root Entry", 5, 1, _END, 0)
    directory = root + _ole_entry(name, 2, _FREE, 2, len(stream)) + b"\0" * 256
    return header + table + directory + stream.ljust(sectors * _SECTOR, b"\0")


def _ole_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    entry = written.ljust(64, b"\0") + struct.pack("<HBB", len(written), kind, 1)
    entry += struct.pack("<III", _FREE, _FREE, child) + b"\0" * 36
    return entry + struct.pack("<IQ", start, size)


def a_day(text: str) -> datetime:
    """Return a day as Excel stores one."""
    return datetime.fromisoformat(text)


def _book() -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    return book, sheet


def _saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
