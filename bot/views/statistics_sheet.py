"""The figures of a period as a workbook: each sheet's rows stand behind a figure of the first."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from bot.records.official_ratings import Sync
from bot.records.ratings import Reason
from bot.reports.feedback import DetailRow
from bot.reports.rates import Shown
from bot.reports.statistics import Counts, Ratings
from bot.views.official import SYNCS
from bot.views.places import window_name
from bot.views.rating import LEVELS, REASON_LABELS
from bot.views.rectifications import STATES, entry_name
from knowledge.model import KnowledgeBase
from reminders.rectification_rules import Rectification

HEADER = ("好评", "差评", "未评", "好评率", "分子", "分母")
NOTE = "服务反馈（本系统，不计入省好差评）；没有群众姓名、电话和原话"


def figures_sheet(
    base: KnowledgeBase,
    *,
    by_window: Ratings,
    by_entry: Ratings,
    by_day: Ratings,
    rates: Sequence[Shown],
    rows: Sequence[DetailRow],
    rectifications: Sequence[Rectification],
    limit: int,
    shown: str,
) -> bytes:
    """Write the workbook; text cells that a spreadsheet would take for formulas are quoted."""
    # Imported here: it costs 30 MiB and is needed by few.
    from openpyxl import Workbook

    book = Workbook(write_only=True)

    def sheet(title: str, lines: Iterable[Sequence[str | int | None]]) -> None:
        page = book.create_sheet(title)
        for line in lines:
            page.append([_safe(cell) for cell in line])

    period = f"{by_window.from_on} 至 {by_window.to_on}"
    sheet(
        "各率", [(NOTE,), (f"{period}，{shown}",), ("指标", "印出", "分子", "分母"), *_rates(rates)]
    )
    named = [(window_name(base, c.key), c) for c in by_window.rows]
    sheet("按窗口", [("窗口", *HEADER), *_counts(named, by_window.total)])
    entries = [(entry_name(base, c.key), c) for c in by_entry.rows]
    sheet("按事项", [("事项", *HEADER), *_counts(entries, by_entry.total)])
    sheet("按天", [("日期", *HEADER), *_counts([(c.key, c) for c in by_day.rows], by_day.total)])
    whole = [] if len(rows) < limit else [(f"只列前 {limit} 行，全部请用 stats export",)]
    titles = ("日期", "评价", "事项", "区县", "窗口", "渠道", "原因", "作废", "省评价编号", "同步")
    sheet("明细", [*whole, titles, *(_detail(base, row) for row in rows)])
    sheet(
        "整改",
        [
            ("编号", "日期", "事项", "区县", "窗口", "状态", "第几轮"),
            *_opened(base, rectifications),
        ],
    )
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _safe(cell: str | int | None) -> str | int | None:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


def _rates(rates: Sequence[Shown]) -> Iterable[Sequence[str | int]]:
    return [(r.name, r.text, r.rate.numerator, r.rate.denominator) for r in rates]


def _counts(rows: Sequence[tuple[str, Counts]], total: Counts) -> Iterable[Sequence[str | int]]:
    for name, c in (*rows, (total.key, total)):
        rate = c.good_rate
        yield name, c.good, c.bad, c.unrated, rate.text(), rate.numerator, rate.denominator


def _detail(base: KnowledgeBase, row: DetailRow) -> Sequence[str | None]:
    return (
        row.day,
        LEVELS[row.level] if row.level else "未评",
        entry_name(base, row.entry_id),
        row.district,
        window_name(base, row.window) if row.window else None,
        row.channel,
        REASON_LABELS[Reason(row.reason)] if row.reason else None,
        "作废" if row.voided else None,
        row.official,
        SYNCS[Sync.SYNCED if row.official else Sync.UNSYNCED],
    )


def _opened(
    base: KnowledgeBase, rectifications: Sequence[Rectification]
) -> Iterable[Sequence[str | int | None]]:
    return [
        (
            one.number,
            one.opened_at.date().isoformat(),
            entry_name(base, one.entry_id),
            one.scope.district,
            window_name(base, one.scope.window) if one.scope.window else None,
            STATES[one.state],
            one.round,
        )
        for one in rectifications
    ]
