"""Bars by window and the trend by day: as PNG for a chat, as SVG for the page.

Drawn here with numpy and zlib; labels come from outside and may be Chinese. A day without data
yet has no column, a day with none of anything a column of height zero.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bot.reports.glyphs import text_shades

Colour: TypeAlias = tuple[int, int, int]
Image: TypeAlias = npt.NDArray[np.uint8]

GOOD: Colour = (11, 93, 87)
BAD: Colour = (179, 38, 30)
UNRATED: Colour = (184, 194, 191)
INK: Colour = (27, 42, 49)
QUIET: Colour = (120, 134, 140)
PAPER: Colour = (255, 255, 255)
COLOURS = (GOOD, BAD, UNRATED)

WIDTH = 900
MARGIN = 24
ROW = 44
BAR = 24
LABEL_WIDTH = 300
NUMBERS_WIDTH = 200
HEAD = 96
TREND_HEIGHT = 260
SVG_WIDTH = 600
SVG_LABEL_WIDTH = 240
SVG_NUMBERS_WIDTH = 130
"""Narrow, so that the letters can still be read on a phone."""

MOST_BARS = 20
MOST_DAYS = 31
LONGEST_LABEL = 13


@dataclass(frozen=True, slots=True)
class Bar:
    """One row or one day: a label and its good, bad and unrated; None where there are no data."""

    label: str
    good: int | None
    bad: int | None
    unrated: int | None

    @property
    def parts(self) -> tuple[int, int, int]:
        """Return the three counts."""
        return self.good or 0, self.bad or 0, self.unrated or 0

    @property
    def total(self) -> int:
        """Return their sum."""
        return sum(self.parts)


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a chart besides its labels."""

    title: str
    good: str
    bad: str
    unrated: str
    no_data: str

    @property
    def legend(self) -> tuple[str, str, str]:
        """Return the names of the three parts."""
        return self.good, self.bad, self.unrated


class _Canvas:
    """A white picture to draw on."""

    def __init__(self, width: int, height: int) -> None:
        self.image: Image = np.full((height, width, 3), 255, dtype=np.uint8)

    def fill(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        self.image[max(y, 0) : y + height, max(x, 0) : x + width] = colour

    def write(self, x: int, y: int, text: str, colour: Colour = INK) -> int:
        """Write a line with its top left corner at x, y; return where it ends."""
        shades = text_shades(text)
        height = min(shades.shape[0], self.image.shape[0] - y)
        width = max(0, min(shades.shape[1], self.image.shape[1] - x))
        if width == 0 or height <= 0:
            return x
        alpha = shades[:height, :width, None].astype(np.int32) * 85
        under = self.image[y : y + height, x : x + width].astype(np.int32)
        ink = np.array(colour, dtype=np.int32)
        mixed = (under * (255 - alpha) + ink * alpha) // 255
        self.image[y : y + height, x : x + width] = mixed.astype(np.uint8)
        return int(x + width)

    def png(self) -> bytes:
        """Write the picture as PNG (RFC 2083): one header, one block of rows, one end."""
        height, width, _ = self.image.shape
        rows = np.zeros((height, width * 3 + 1), dtype=np.uint8)
        rows[:, 1:] = self.image.reshape(height, width * 3)
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        body = zlib.compress(rows.tobytes(), 6)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + _chunk(b"IDAT", body)
            + _chunk(b"IEND", b"")
        )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def chart_png(words: Words, bars: Sequence[Bar], days: Sequence[Bar]) -> bytes:
    """Draw bars by window and, beneath, where there is more than one day, the trend by day."""
    bars, days = bars[:MOST_BARS], days[-MOST_DAYS:]
    rows = max(len(bars), 1)
    height = HEAD + rows * ROW + MARGIN + (TREND_HEIGHT if len(days) > 1 else 0)
    canvas = _Canvas(WIDTH, height)
    canvas.write(MARGIN, 16, words.title)
    _legend(canvas, words)
    if not bars:
        canvas.write(MARGIN, HEAD, words.no_data, QUIET)
    longest = max((bar.total for bar in bars), default=0) or 1
    for n, bar in enumerate(bars):
        _draw_bar(canvas, HEAD + n * ROW, bar, longest, words)
    if len(days) > 1:
        _draw_trend(canvas, HEAD + rows * ROW + MARGIN, days)
    return canvas.png()


def _legend(canvas: _Canvas, words: Words) -> None:
    x = MARGIN
    for name, colour in zip(words.legend, COLOURS, strict=True):
        canvas.fill(x, 56, 16, 16, colour)
        x = canvas.write(x + 22, 50, name, QUIET) + 20


def _draw_bar(canvas: _Canvas, y: int, bar: Bar, longest: int, words: Words) -> None:
    canvas.write(MARGIN, y, shortened(bar.label))
    x = MARGIN + LABEL_WIDTH
    if bar.good is None:
        canvas.write(x, y, words.no_data, QUIET)
        return
    room = WIDTH - LABEL_WIDTH - NUMBERS_WIDTH - 2 * MARGIN
    for part, colour in zip(bar.parts, COLOURS, strict=True):
        width = _scaled(part, longest, room)
        canvas.fill(x, y + 2, width, BAR, colour)
        x += width
    canvas.write(x + 8, y, " / ".join(str(part) for part in bar.parts), QUIET)


def _scaled(part: int, longest: int, room: int) -> int:
    """Return a part's length; what is not nothing is at least seen."""
    return max(part * room // longest, 3) if part else 0


def _draw_trend(canvas: _Canvas, top: int, days: Sequence[Bar]) -> None:
    laid = _trend(days, top + 40, top + TREND_HEIGHT - 50, WIDTH - 2 * MARGIN, 15)
    for y, text in laid.axis:
        canvas.fill(MARGIN, y, WIDTH - 2 * MARGIN, 1, QUIET if text == "0" else UNRATED)
        canvas.write(MARGIN, y - 28, text, QUIET)
    for x, y, width, height, colour in laid.boxes:
        canvas.fill(MARGIN + x, y, width, height, colour)
    for x, y, text in laid.numbers:
        canvas.write(MARGIN + x, y - 28, text)
    for x, text in laid.labels:
        canvas.write(MARGIN + x, laid.base + 6, text, QUIET)


@dataclass(frozen=True, slots=True)
class _Trend:
    """A trend laid out: lines of the axis, boxes of the columns, their totals, the days."""

    base: int
    axis: tuple[tuple[int, str], ...]
    boxes: tuple[tuple[int, int, int, int, Colour], ...]
    numbers: tuple[tuple[int, int, str], ...]
    labels: tuple[tuple[int, str], ...]


AXIS_WIDTH = 60


def _trend(days: Sequence[Bar], top: int, base: int, width: int, digit: int) -> _Trend:
    """Lay the columns out; their totals stand above where there is room, above the highest always.

    `digit` is how wide a digit is where this is drawn.
    """
    highest = max((day.total for day in days), default=0) or 1
    step = (width - AXIS_WIDTH) // max(len(days), 1)
    column = max(3, min(40, step * 2 // 3))
    every = -(-80 // max(step, 1))
    room_for = -(-(len(str(highest)) * digit + 8) // max(step, 1))
    boxes, numbers, labels = [], [], []
    peak = next((n for n, day in enumerate(days) if day.total == highest), 0)
    for n, day in enumerate(days):
        x, y = AXIS_WIDTH + n * step, base
        for part, colour in zip(day.parts, COLOURS, strict=True):
            height = _scaled(part, highest, base - top)
            y -= height
            boxes.append((x, y, column, height, colour))
        near_peak = 0 < abs(n - peak) < room_for
        if day.good is not None and (n == peak or (n % room_for == 0 and not near_peak)):
            numbers.append((x, y, str(day.total)))
        if n % every == 0:
            labels.append((x, day.label))
    middle = highest // 2
    axis = [(base, "0"), (top, str(highest))]
    if middle:
        axis.insert(1, (base - middle * (base - top) // highest, str(middle)))
    return _Trend(base, tuple(axis), tuple(boxes), tuple(numbers), tuple(labels))


def shortened(label: str, longest: int = LONGEST_LABEL) -> str:
    """Cut a label to what a chart has room for."""
    return label if len(label) <= longest else label[: longest - 1] + "…"


def bars_svg(words: Words, bars: Sequence[Bar]) -> str:
    """Return bars by window as SVG; colours as attributes, since the page allows no styles."""
    bars = bars[:MOST_BARS]
    height = max(len(bars), 1) * 40 + 44
    longest = max((bar.total for bar in bars), default=0) or 1
    drawn = [_svg_bar(44 + n * 40, bar, longest, words) for n, bar in enumerate(bars)]
    if not bars:
        drawn = [_svg_text(0, 64, words.no_data, QUIET)]
    return _svg(height, words.title, _svg_legend(words) + "".join(drawn))


def _svg(height: int, title: str, body: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {SVG_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-size="20"><title>{escape(title)}</title>{body}</svg>'
    )


def _svg_legend(words: Words) -> str:
    parts = []
    for n, (name, colour) in enumerate(zip(words.legend, COLOURS, strict=True)):
        parts.append(_svg_box(n * 130, 4, 16, 16, colour))
        parts.append(_svg_text(n * 130 + 24, 20, name, QUIET))
    return "".join(parts)


def _svg_box(x: int, y: int, width: int, height: int, colour: Colour) -> str:
    fill = "#{:02x}{:02x}{:02x}".format(*colour)
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"/>'


def _svg_text(x: int, y: int, text: str, colour: Colour = INK) -> str:
    fill = "#{:02x}{:02x}{:02x}".format(*colour)
    return f'<text x="{x}" y="{y}" fill="{fill}">{escape(text)}</text>'


def _svg_bar(y: int, bar: Bar, longest: int, words: Words) -> str:
    label = _svg_text(0, y + 19, shortened(bar.label, LONGEST_LABEL - 2))
    x = SVG_LABEL_WIDTH
    if bar.good is None:
        return label + _svg_text(x, y + 19, words.no_data, QUIET)
    room = SVG_WIDTH - SVG_LABEL_WIDTH - SVG_NUMBERS_WIDTH
    drawn = [label]
    for part, colour in zip(bar.parts, COLOURS, strict=True):
        width = _scaled(part, longest, room)
        drawn.append(_svg_box(x, y, width, BAR, colour))
        x += width
    drawn.append(_svg_text(x + 8, y + 19, " / ".join(str(part) for part in bar.parts), QUIET))
    return "".join(drawn)


def trend_svg(words: Words, days: Sequence[Bar]) -> str:
    """Return the trend by day as SVG, with an axis and totals above the columns."""
    laid = _trend(days[-MOST_DAYS:], 84, TREND_HEIGHT - 40, SVG_WIDTH, 11)
    drawn = [_svg_legend(words)]
    for y, text in laid.axis:
        drawn.append(_svg_box(0, y, SVG_WIDTH, 1, QUIET if text == "0" else UNRATED))
        drawn.append(_svg_text(0, y - 4, text, QUIET))
    drawn += [_svg_box(*box) for box in laid.boxes]
    drawn += [_svg_text(x, y - 4, text) for x, y, text in laid.numbers]
    drawn += [_svg_text(x, laid.base + 24, text, QUIET) for x, text in laid.labels]
    return _svg(TREND_HEIGHT, words.title, "".join(drawn))


# -- columns of two parts: what was late before, and what became so on the day


@dataclass(frozen=True, slots=True)
class Column:
    """A day: its label, how many were late before it and how many became late on it."""

    label: str
    before: int
    new: int


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """What stands on a chart of columns besides its days."""

    title: str
    before: str
    new: str


BEFORE: Colour = BAD
NEW: Colour = (226, 138, 43)
COLUMNS_HEIGHT = 260
_COLUMNS_HEAD = 90
_COLUMNS_FOOT = 44


def columns_png(words: ColumnWords, columns: Sequence[Column]) -> bytes:
    """Draw columns with their totals above them, as PNG."""
    canvas = _Canvas(WIDTH, _COLUMNS_HEAD + COLUMNS_HEIGHT)
    canvas.write(MARGIN, 16, words.title)
    x = MARGIN
    for name, colour in ((words.before, BEFORE), (words.new, NEW)):
        canvas.fill(x, 56, 16, 16, colour)
        x = canvas.write(x + 22, 50, name, QUIET) + 20
    base = _COLUMNS_HEAD + COLUMNS_HEIGHT - _COLUMNS_FOOT
    canvas.fill(MARGIN, base, WIDTH - 2 * MARGIN, 1, QUIET)
    for column, left, width, boxes in _laid_out(columns, base):
        for top, height, colour in boxes:
            canvas.fill(MARGIN + left, top, width, height, colour)
        top = min((top for top, _, _ in boxes), default=base)
        canvas.write(MARGIN + left, top - 26, str(column.before + column.new), QUIET)
        canvas.write(MARGIN + left, base + 10, column.label, QUIET)
    return canvas.png()


def columns_svg(words: ColumnWords, columns: Sequence[Column]) -> str:
    """Draw columns with their totals above them, as SVG."""
    base = COLUMNS_HEIGHT + 20 - _COLUMNS_FOOT
    drawn = [_svg_box(0, base, WIDTH, 1, QUIET)]
    for n, (name, colour) in enumerate(((words.before, BEFORE), (words.new, NEW))):
        drawn.append(_svg_box(n * 200, 4, 16, 16, colour))
        drawn.append(_svg_text(n * 200 + 24, 20, name, QUIET))
    for column, left, width, boxes in _laid_out(columns, base):
        drawn += [_svg_box(left, top, width, height, colour) for top, height, colour in boxes]
        top = min((top for top, _, _ in boxes), default=base)
        drawn.append(_svg_text(left, top - 6, str(column.before + column.new), QUIET))
        drawn.append(_svg_text(left, base + 26, column.label, QUIET))
    return _svg(COLUMNS_HEIGHT + 20, words.title, "".join(drawn))


_Box: TypeAlias = tuple[int, int, Colour]


def _laid_out(
    columns: Sequence[Column], base: int
) -> list[tuple[Column, int, int, tuple[_Box, ...]]]:
    """Return each column with its left edge, its width and its boxes from the base up."""
    columns = columns[-MOST_DAYS:]
    highest = max((c.before + c.new for c in columns), default=0) or 1
    step = (WIDTH - 2 * MARGIN) // max(len(columns), 1)
    width = max(3, min(48, step * 2 // 3))
    room = COLUMNS_HEIGHT - _COLUMNS_HEAD
    laid = []
    for n, column in enumerate(columns):
        boxes, top = [], base
        for part, colour in ((column.before, BEFORE), (column.new, NEW)):
            height = _scaled(part, highest, room)
            if height:
                top -= height
                boxes.append((top, height, colour))
        laid.append((column, n * step, width, tuple(boxes)))
    return laid
