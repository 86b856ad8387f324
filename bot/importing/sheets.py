"""Open an export as it is: xlsx, xls, or csv in the usual encodings, as lines of typed cells.

Says in one Chinese line why a file cannot be read. Knows nothing of columns or kinds.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeVar

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    load_workbook,
)

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta
Line: TypeAlias = tuple[int, Sequence[Cell]]
T = TypeVar("T")

MEGABYTE = 1024 * 1024
# A small zip can unfold to gigabytes; real exports unfold to about ten times their size.
MOST_UNFOLDING = 25

# Thirty columns of a full sheet; calamine takes some 32 bytes for each cell, used or not.
MOST_CELLS = 50_000_000

_CHUNK = MEGABYTE
_HEAD = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_OTHER_KINDS = (
    (b"%PDF", "PDF 文件"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
)
_CUT_SHORT = ("unexpected end of data", "truncated data")
_PANIC = "PanicException"
_SHEET_NAME = re.compile(r"xl/worksheets/[^/]+\.xml")
# A range: writers that do not know it put A1 alone.
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="[A-Z]+\d+:([A-Z]{1,3})(\d{1,7})"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]{0,99}?\br="([A-Z]{1,3})')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]{0,99}?\br="(\d{1,7})"')
_LONGEST_TAG = 160
_DELIMITERS = (",", "\t", ";")
_LINES_FOR_DELIMITER = 20
_EXPORT_AGAIN = "请重新导出，或用 Excel 打开后另存为 xlsx 再传"


@dataclass(eq=False)
class UnreadableFile(Exception):  # noqa: N818 - an expected "no", said to a person as it stands
    """Why a file cannot be read, in one line that says what to do."""

    message: str

    def __str__(self) -> str:
        """Return the line."""
        return self.message


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet; `lines` may be walked again and gives each row's number as Excel shows it."""

    name: str
    lines: Callable[[], Iterator[Line]]


@dataclass(frozen=True, slots=True)
class Book:
    """A file that could be opened: its name, what it holds, and the hash of its content."""

    name: str
    file_hash: str
    sheets: tuple[Sheet, ...]


def open_book(source: Path | bytes, name: str, *, limit: int | None = None) -> Book:
    """Open a file by what it contains, not by its ending; raise UnreadableFile.

    `limit` is the largest size in bytes, for files that come by upload.
    """
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if limit is not None and size > limit:
            raise UnreadableFile(_too_large(size, limit))
        with _opened(source) as stream:
            head = stream.read(_HEAD)
            file_hash = _hash(head, stream)
        if not head.strip(b"\0\r\n\t ,;\xef\xbb\xbf"):
            raise UnreadableFile("文件是空的，请核对导出是否成功。")
        return Book(name, file_hash, _sheets(source, head, limit))
    except OSError as error:
        raise UnreadableFile(f"文件打不开：{error.strerror or '读取出错'}，请核对。") from error


def _opened(source: Path | bytes) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else io.BytesIO(source)


def _hash(head: bytes, rest: BinaryIO) -> str:
    digest = hashlib.sha256(head)
    while chunk := rest.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _too_large(size: int, limit: int) -> str:
    return (
        f"文件有 {size / MEGABYTE:.1f} MB，这里最多收 {limit // MEGABYTE} MB；"
        "请分开导出，或请管理员用命令行导入（不限大小）。"
    )


def _sheets(source: Path | bytes, head: bytes, limit: int | None) -> tuple[Sheet, ...]:
    for start, kind in _OTHER_KINDS:
        if head.startswith(start):
            raise UnreadableFile(_wrong_kind(kind))
    if head.startswith(b"PK"):
        _check_zip(source, limit)
        return _workbook_sheets(source)
    if head.startswith(_OLE):
        _check_not_encrypted(source)
        return _workbook_sheets(source)
    return (_text_sheet(source, head),)


def _wrong_kind(kind: str) -> str:
    return f"这是{kind}，不是表格；请导出成 xlsx、xls 或 csv 再传。"


def _check_zip(source: Path | bytes, limit: int | None) -> None:
    try:
        with _opened(source) as stream, zipfile.ZipFile(stream) as archive:
            _check_archive(archive, limit)
            for entry in archive.infolist():
                if _SHEET_NAME.fullmatch(entry.filename):
                    _check_extent(archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableFile(f"文件不完整或已损坏（可能没下载完）；{_EXPORT_AGAIN}。") from error


def _check_archive(archive: zipfile.ZipFile, limit: int | None) -> None:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile(_password())
    if "xl/workbook.xml" not in names:
        word = any(name.startswith("word/") for name in names)
        raise UnreadableFile(_wrong_kind("Word 文件" if word else "压缩包或别的格式"))
    unfolded = sum(entry.file_size for entry in entries)
    if limit is not None and unfolded > limit * MOST_UNFOLDING:
        raise UnreadableFile(
            f"文件解开后有 {unfolded // MEGABYTE} MB，太大；请分开导出，或请管理员用命令行导入。"
        )


def _check_extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Refuse a sheet with a stray cell far away.

    Calamine makes room for every cell up to the last row and column: with one at XFD1048576 it
    asks for 512 GiB and the whole program is aborted.
    """
    with archive.open(entry) as stream:
        head = stream.read(_HEAD)
    stated = _DIMENSION.search(head)
    rows, columns = _stated_extent(stated) if stated else _scanned_extent(archive, entry)
    if rows * columns > MOST_CELLS:
        raise UnreadableFile(
            f"表格一直铺到第 {rows} 行、第 {columns} 列，多半是远处有一个多余的格子；"
            "请删掉数据以外的行和列，或另存为 csv 再传。"
        )


def _stated_extent(stated: re.Match[bytes]) -> tuple[int, int]:
    return int(stated[2]), _column_number(stated[1])


def _scanned_extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[int, int]:
    """Look through a sheet whose writer did not say how far it reaches."""
    rows, letters, kept = 1, {b"A"}, b""
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            text = kept + chunk
            letters.update(_CELL.findall(text))
            rows = max([rows, *map(int, _ROW.findall(text)[-1:])])
            kept = chunk[-_LONGEST_TAG:]
    return rows, max(map(_column_number, letters))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _check_not_encrypted(source: Path | bytes) -> None:
    """Recognise Office's own encryption: an OLE file with a stream named EncryptedPackage."""
    kept = b""
    with _opened(source) as stream:
        while chunk := stream.read(_CHUNK):
            if _ENCRYPTED_PACKAGE in kept + chunk:
                raise UnreadableFile(_password())
            kept = chunk[-len(_ENCRYPTED_PACKAGE) :]


def _password() -> str:
    return "文件有打开密码；请在 Excel 里去掉密码，另存后再传。"


def _workbook_sheets(source: Path | bytes) -> tuple[Sheet, ...]:
    workbook = _calamine(lambda: _load(source))
    return tuple(
        _workbook_sheet(workbook, metadata.name)
        for metadata in workbook.sheets_metadata
        if metadata.visible is SheetVisibleEnum.Visible
    )


def _load(source: Path | bytes) -> CalamineWorkbook:
    return load_workbook(str(source) if isinstance(source, Path) else io.BytesIO(source))


def _calamine(read: Callable[[], T]) -> T:
    """Read with calamine, turning its errors into our line."""
    try:
        return read()
    except PasswordError as error:
        raise UnreadableFile(_password()) from error
    except CalamineError as error:
        raise UnreadableFile(_damaged()) from error
    except BaseException as error:
        # A damaged xls can make calamine's Rust code panic, and pyo3's PanicException is neither
        # an Exception nor importable; anything else (an interrupt above all) goes on its way.
        if type(error).__name__ != _PANIC:
            raise
        raise UnreadableFile(_damaged()) from error


def _damaged() -> str:
    return f"文件不完整或已损坏；{_EXPORT_AGAIN}。"


def _workbook_sheet(workbook: CalamineWorkbook, name: str) -> Sheet:
    loaded: list[CalamineSheet] = []

    def lines() -> Iterator[Line]:
        # Calamine decodes a sheet whole; what is spared is its copy as Python objects.
        if not loaded:
            loaded.append(_calamine(lambda: workbook.get_sheet_by_name(name)))
        sheet = loaded[0]
        yield from enumerate(sheet.iter_rows(), start=1)

    return Sheet(name, lines)


def _text_sheet(source: Path | bytes, head: bytes) -> Sheet:
    encoding = _encoding(source, head)
    with _text(source, encoding) as stream:
        first = [line for _, line in zip(range(_LINES_FOR_DELIMITER), stream, strict=False)]
    _check_text(first)
    delimiter = max(_DELIMITERS, key=lambda mark: sum(line.count(mark) for line in first))

    def lines() -> Iterator[Line]:
        with _text(source, encoding) as stream:
            number = 0
            reader = csv.reader(stream, delimiter=delimiter)
            while True:
                try:
                    row = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise UnreadableFile(
                        f"第 {number + 1} 行读不下去（多半少了一个引号）；{_EXPORT_AGAIN}。"
                    ) from error
                number += 1
                yield number, row

    return Sheet("", lines)


def _text(source: Path | bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(_opened(source), encoding=encoding, newline="")


def _encoding(source: Path | bytes, head: bytes) -> str:
    candidates: tuple[str, ...] = ("utf-8", "gb18030")
    if head.startswith(codecs.BOM_UTF8):
        candidates = ("utf-8-sig",)
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ("utf-16",)  # what Excel calls Unicode text
    elif b"\0" in head:
        raise UnreadableFile(_wrong_kind("别的文件"))
    for encoding in candidates:
        if _decodes(source, encoding):
            return encoding
    raise UnreadableFile("文字编码认不出；请用 Excel 打开后另存为 xlsx 再传。")


def _decodes(source: Path | bytes, encoding: str) -> bool:
    try:
        with _text(source, encoding) as stream:
            while stream.read(_CHUNK):
                pass
    except UnicodeDecodeError as error:
        if encoding.startswith("utf") and error.reason in _CUT_SHORT:
            raise UnreadableFile(f"文件末尾残缺（可能没下载完）；{_EXPORT_AGAIN}。") from error
        return False
    return True


def _check_text(lines: list[str]) -> None:
    """Refuse what is text but no table, above all a web page saved under the name of a sheet."""
    text = "".join(lines).lstrip().lower()
    if text.startswith(("<html", "<!doctype html", "<table", "<?xml", "<meta")):
        raise UnreadableFile(f"这是网页格式的假表格，不是真的 Excel；{_EXPORT_AGAIN}。")
    if not any(mark in text for mark in _DELIMITERS):
        raise UnreadableFile(_wrong_kind("普通文字"))
