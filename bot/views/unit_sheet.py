"""A unit's page for the morning meeting in words, and causes by month as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialogue import Button, Picture, Reply, Table
from bot.reports.charts import Column, ColumnWords, columns_png
from bot.reports.oversight import TrendDay
from bot.reports.unit_sheet import MonthCauses, Pressing, UnitSheet, causes_named
from bot.views.cases import CAUSE_WORDS, LIGHTS, as_of_words
from bot.views.due_days import PROVISIONAL
from bot.views.text import format_day, format_full_day, format_moment
from reminders.case_work import Cause
from reminders.overdue import Stage

TITLE = "办件时限　晨会单"
SIGN = "经办人说明：　　　　　　　　　　　负责人签字：　　　　　　　　日期："
MENU = Button("菜单", "menu")
_WITH_COUNTS = (Stage.ON_TRACK, Stage.DUE_SOON, Stage.OVERDUE, Stage.LONG_OVERDUE)


@dataclass(frozen=True, slots=True)
class PrintedSheet:
    """A page's words: lines, counts, cases, trend, causes; nothing of it is mark-up."""

    title: str
    lines: tuple[str, ...]
    counts: Table
    cases: Table | None
    more: str | None
    trend: Table
    trend_words: ColumnWords
    columns: tuple[Column, ...]
    causes: Table | None
    sign: str


def printed(sheet: UnitSheet) -> PrintedSheet:
    """Word a unit's page."""
    lines = [
        f"{sheet.unit}　{format_full_day(sheet.on)}",
        as_of_words(sheet.as_of, stale=sheet.stale).removeprefix("🔴 "),
    ]
    if sheet.rate is not None:
        lines.append(
            f"本月提醒及时率（到期前已提醒 ÷ 到期）：{sheet.rate.text()}"
            f"（{sheet.rate.numerator}/{sheet.rate.denominator}）"
        )
    c = sheet.counts
    counts = (str(c.on_track), str(c.due_soon), str(c.overdue), str(c.long_overdue), str(c.still))
    header = (*(_on_paper(stage) for stage in _WITH_COUNTS), "挂起、待补正")
    return PrintedSheet(
        title=TITLE,
        lines=tuple(lines),
        counts=Table(header, (counts,)),
        cases=_cases(sheet.pressing) if sheet.pressing else None,
        more=f"另有 {sheet.left_out} 件没列出。" if sheet.left_out else None,
        trend=trend_table(sheet.trend),
        trend_words=trend_words(sheet.unit),
        columns=trend_columns(sheet.trend),
        causes=causes_table(sheet.causes) if any(m.total for m in sheet.causes) else None,
        sign=SIGN,
    )


def unit_line(sheet: UnitSheet) -> str:
    """Return a unit with its late cases and those about to be, to choose it by."""
    return f"{sheet.unit}　🔴 超期 {sheet.counts.late}　🟡 即将超期 {sheet.counts.due_soon}"


def _on_paper(stage: Stage) -> str:
    """Name a stage without its colour: paper is black and white, and the words say it all."""
    return LIGHTS[stage].partition(" ")[2]


def _cases(pressing: Sequence[Pressing]) -> Table:
    header = ("办件编号", "事项", "经办人", "受理", "到期", "状态", "已提醒", "签收")
    return Table(header, tuple(_case(p) for p in pressing))


def _case(pressing: Pressing) -> tuple[str, ...]:
    case, standing = pressing.case, pressing.standing
    reserve = PROVISIONAL if standing.provisional else ""
    if standing.is_late:
        state = f"{_on_paper(standing.stage)} {standing.overdue_days} 个工作日"
    elif standing.due_today:
        state = "今日到期"
    else:
        state = f"剩 {standing.remaining_days} 个工作日"
    last = f"，最近 {format_moment(pressing.last_told_at)}" if pressing.last_told_at else ""
    return (
        case.number,
        case.item,
        case.handler_name or case.handler_number or "",
        format_day(case.accepted_on),
        format_day(standing.due_on) + reserve,
        state,
        f"{pressing.told} 次{last}",
        format_moment(pressing.acknowledged_at) if pressing.acknowledged_at else "未签收",
    )


def trend_table(days: Sequence[TrendDay]) -> Table:
    """Return the trend by day as a table."""
    rows = tuple((format_day(d.on), str(d.late), str(d.became_late)) for d in days)
    return Table(("日子", "超期", "新增"), rows)


def trend_words(where: str) -> ColumnWords:
    """Return what stands on the picture of the trend."""
    return ColumnWords(f"{where}　近日超期件数", "此前已超期", "当日新增")


def trend_columns(days: Sequence[TrendDay]) -> tuple[Column, ...]:
    """Return the trend as columns; what became late and was finished the same day adds nothing."""
    columns = []
    for day in days:
        new = min(day.became_late, day.late)
        columns.append(Column(f"{day.on.month}/{day.on.day}", day.late - new, new))
    return tuple(columns)


def trend_reply(where: str, days: Sequence[TrendDay]) -> Reply:
    """Show day by day how many were late and how many became so, as a picture and a table."""
    return Reply(
        "近日超期（新增按首个超期日，一件只算一次）",
        table=trend_table(days),
        picture=trend_picture(where, days),
    )


def trend_picture(where: str, days: Sequence[TrendDay]) -> Picture:
    """Return the trend as a picture for a chat, with its figures for who cannot see it."""
    said = "，".join(f"{d.on.month}月{d.on.day}日 {d.late} 件" for d in days)
    png = columns_png(trend_words(where), trend_columns(days))
    return Picture(png, f"近日超期件数：{said}")


def causes_table(months: Sequence[MonthCauses]) -> Table:
    """Return the causes by month, those that occur as columns."""
    causes = causes_named(months)
    header = ("月份", "超期办结", *(_cause(cause) for cause in causes))
    rows = tuple(
        (
            f"{m.month.year}年{m.month.month}月",
            str(m.total),
            *(str(m.causes.get(cause, 0)) for cause in causes),
        )
        for m in months
    )
    return Table(header, rows)


def _cause(cause: str) -> str:
    return CAUSE_WORDS[Cause(cause)] if cause in set(Cause) else cause


def causes_reply(months: Sequence[MonthCauses], where: str) -> Reply:
    """Show why cases were late, by month."""
    buttons = ((Button("超期情况", "overdue"), MENU),)
    if not any(m.total for m in months):
        return Reply(f"{where}近 {len(months)} 个月没有超期办结的办件。", buttons=buttons)
    return Reply(
        f"{where}超期原因（按办结的月份，只数超期办结的）",
        table=causes_table(months),
        buttons=buttons,
    )
