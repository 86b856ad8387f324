"""Counts of our own ratings in words; every rate with both of its parts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bot.dialogue import Button, Reply, Scope, Table
from bot.reports.statistics import UNASSIGNED, Counts, Ratings
from bot.views.staff import scope_words
from bot.views.text import Lines, format_day, format_moment
from knowledge.model import KnowledgeBase

HEADING = "服务反馈（本系统，不计入省好差评）"


def ratings_reply(
    base: KnowledgeBase,
    scope: Scope,
    *,
    by_window: Ratings,
    by_entry: Ratings,
    by_day: Ratings | None,
    before: Ratings | None,
    today: date,
    at: datetime,
    least: int,
) -> Reply:
    """Show a period's counts in total, beside the same weekday before, by window and by entry."""
    lines = Lines()
    lines.heading(HEADING)
    lines.add(f"{_period_words(by_window)}，{scope_words(scope)}")
    if by_window.to_on == today:
        lines.add(f"截至 {format_moment(at)}")
    lines.add(counts_text(by_window.total))
    lines.add(rate_text(by_window.total, least))
    if before is not None:
        day = format_day(before.from_on)
        lines.add(f"上周同日（{day}，全天）：{counts_text(before.total)}")
    lines.heading("按窗口")
    lines.bullets(_row(_window_name(base, c.key), c, least) for c in by_window.rows)
    if not by_window.rows:
        lines.add("没有记录（0）")
    table = _table(base, by_entry, least)
    if by_day is not None:
        lines.heading("按天")
        lines.bullets(_day_rows(by_day))
    lines.heading("按事项见下表" if by_entry.rows else "按事项：没有记录（0）")
    return Reply(lines.text, headings=lines.headings, table=table, buttons=_periods(today))


def _period_words(ratings: Ratings) -> str:
    if ratings.from_on == ratings.to_on:
        return format_day(ratings.from_on)
    days = (ratings.to_on - ratings.from_on).days + 1
    return f"{format_day(ratings.from_on)}至{format_day(ratings.to_on)}，共 {days} 天"


def counts_text(counts: Counts) -> str:
    """Return 好评 N，差评 N，未评 N."""
    return f"好评 {counts.good}，差评 {counts.bad}，未评 {counts.unrated}"


def rate_text(counts: Counts, least: int) -> str:
    """Return 好评率 with both parts; under `least` ratings only that there are too few."""
    if counts.rated < least:
        return f"评价 {counts.rated} 个，不满 {least} 个，只给数、不算率"
    rate = counts.good_rate
    return f"好评率 {rate.text()}（{rate.numerator}/{rate.denominator}）"


def _row(name: str, counts: Counts, least: int) -> str:
    rate = f"，{rate_text(counts, least)}" if counts.rated >= least else ""
    return f"{name}：{counts_text(counts)}{rate}"


def _window_name(base: KnowledgeBase, code: str) -> str:
    for hall in base.places.values():
        for window in hall.windows:
            if window.code == code:
                return f"{hall.name}·{window.name}"
    return code


def _day_rows(ratings: Ratings) -> list[str]:
    """Return a row for every day of the period; a day without ratings shows 0."""
    by_day = {counts.key: counts for counts in ratings.rows}
    days = (ratings.to_on - ratings.from_on).days + 1
    every = [ratings.from_on + timedelta(days=n) for n in range(days)]
    return [
        f"{format_day(day)}：{counts_text(by_day.get(day.isoformat(), Counts(UNASSIGNED)))}"
        for day in every
    ]


def _table(base: KnowledgeBase, ratings: Ratings, least: int) -> Table | None:
    if not ratings.rows:
        return None
    rows = []
    for counts in ratings.rows:
        entry = base.entries.get(counts.key)
        name = entry.short_name if entry else counts.key
        rate = counts.good_rate
        shown = (
            f"{rate.text()}（{rate.numerator}/{rate.denominator}）"
            if counts.rated >= least
            else "—"
        )
        rows.append((name, str(counts.good), str(counts.bad), str(counts.unrated), shown))
    return Table(("事项", "好评", "差评", "未评", "好评率"), tuple(rows))


def _periods(today: date) -> tuple[tuple[Button, ...], ...]:
    yesterday = today - timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    return (
        (
            _button("今日", today, today),
            _button("昨日", yesterday, yesterday),
        ),
        (
            _button("本周", monday, today),
            _button("本月", first, today),
        ),
    )


def _button(label: str, from_on: date, to_on: date) -> Button:
    return Button(label, f"stats:{from_on.isoformat()}:{to_on.isoformat()}")
