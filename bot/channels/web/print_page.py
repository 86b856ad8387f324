"""A unit's page for the morning meeting as HTML: on the web page, and in a file to print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from bot.channels.web.lights import words_html
from bot.dialogue import Table
from bot.reports.charts import columns_svg
from bot.views.unit_sheet import PrintedSheet

# For the file alone: the web page allows no styles but its own sheet.
_STYLE = """
@page { size: A4; margin: 12mm 14mm; }
body { font: 11pt/1.5 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 0 auto;
  max-width: 190mm; color: #1b2a31; }
section { break-after: page; page-break-after: always; padding: 4mm 0; }
section:last-child { break-after: auto; page-break-after: auto; }
h1 { font-size: 15pt; margin: 0 0 2mm; } h2 { font-size: 12pt; margin: 4mm 0 1mm; }
p { margin: 1mm 0; } .chart { width: 100%; height: 48mm; }
table { border-collapse: collapse; width: 100%; font-size: 9pt; }
th, td { border: 1px solid #788; padding: 1mm 1.5mm; text-align: left; vertical-align: top; }
tr { break-inside: avoid; } .sign { margin-top: 8mm; }
.light { display: inline-block; width: .8em; height: .8em; border-radius: 50%; overflow: hidden;
  text-indent: -9em; border: .1em solid #556; print-color-adjust: exact; }
.red { background: #c22f22; } .yellow { background: #f2b705; } .green { background: #2f9e44; }
.white { background: #fff; } .black { background: #222; }
"""


def sheet_html(sheet: PrintedSheet, *, heading: bool = True) -> str:
    """Return one unit's page as a section."""
    title = f"<h1>{escape(sheet.title)}</h1>" if heading else ""
    lines = "".join(f"<p>{words_html(line)}</p>" for line in sheet.lines)
    parts = [title, lines, _table(sheet.counts)]
    if sheet.cases is not None:
        parts += ["<h2>超期和快到期的</h2>", _table(sheet.cases)]
        parts += [f"<p>{words_html(sheet.more)}</p>"] if sheet.more else []
    else:
        parts.append("<p>没有列出超期和快到期的。</p>")
    parts += ["<h2>近日超期</h2>", columns_svg(sheet.trend_words, sheet.columns)]
    parts.append(_table(_turned(sheet.trend)))
    if sheet.causes is not None:
        parts += ["<h2>超期原因（按办结月份）</h2>", _table(sheet.causes)]
    parts.append(f'<p class="sign">{escape(sheet.sign)}</p>')
    return f'<section class="told morning">{"".join(parts)}</section>'


def print_file(sheets: Sequence[PrintedSheet]) -> str:
    """Return a whole HTML file, one page a unit, that needs nothing else."""
    body = "".join(sheet_html(sheet) for sheet in sheets)
    title = escape(sheets[0].title) if sheets else ""
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _turned(table: Table) -> Table:
    """Turn rows into columns: ten days side by side take three lines of paper."""
    lines = [table.header, *table.rows]
    turned = [tuple(line[n] for line in lines) for n in range(len(table.header))]
    return Table(turned[0], tuple(turned[1:]))


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{words_html(cell)}</th>' for cell in table.header)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in table.rows)
    return (
        '<div class="sideways" role="region" aria-label="表格" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Iterable[str]) -> str:
    return "".join(f"<td>{words_html(cell)}</td>" for cell in row)
