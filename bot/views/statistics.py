"""Counts of our own ratings in words; every rate with both of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.dialogue import Button, Document, Picture, Reply, Scope, Table
from bot.records.integrity import IntegrityFlag, Oddity
from bot.records.official_ratings import OfficialCounts, Sync
from bot.reports.charts import Bar, Words, chart_png
from bot.reports.feedback import BadRating
from bot.reports.rates import (
    NO_DATA,
    OFFICIAL,
    Figures,
    Indicator,
    Period,
    Ranked,
    Rates,
    Shown,
    compare,
    residual_text,
    summed,
)
from bot.reports.statistics import EVERYTHING, UNASSIGNED, Counts, Narrow, Ratings
from bot.views.official import SYNCS
from bot.views.places import scope_words, short_window_name, window_name
from bot.views.rating import LEVELS
from bot.views.text import Lines, format_day, format_moment
from knowledge.model import KnowledgeBase

HEADING = "服务反馈（本系统，不计入省好差评）"
MENU = Button("菜单", "menu")


@dataclass(frozen=True, slots=True)
class StatisticsFacts:
    """What the counts of a period need: rows, the equal period before, exact figures."""

    by_window: Ratings
    by_entry: Ratings
    by_day: Ratings | None
    before: Ratings
    figures: Figures
    official: Sequence[OfficialCounts] = ()
    synced: Mapping[Sync, int] = field(default_factory=dict)
    narrow: Narrow = EVERYTHING


def ratings_reply(
    base: KnowledgeBase,
    scope: Scope,
    facts: StatisticsFacts,
    *,
    rates: Rates,
    today: date,
    at: datetime,
    least: int,
) -> Reply:
    """Show a period's counts in total, beside an equal period before, by window and by entry."""
    by_window, by_entry = facts.by_window, facts.by_entry
    lines = Lines()
    lines.heading(HEADING)
    lines.add(f"{_period_words(by_window)}，{narrow_words(base, scope, facts.narrow)}")
    if by_window.to_on == today:
        lines.add(f"截至 {format_moment(at)}")
    lines.add(counts_text(by_window.total))
    lines.add(*_apart(facts))
    lines.add(rate_text(by_window.total, least))
    lines.add(_before(facts))
    lines.heading("按窗口")
    lines.bullets(_row(window_name(base, c.key), c, least) for c in by_window.rows)
    if not by_window.rows:
        lines.add("没有记录（0）")
    table = _table(base, by_entry, least)
    if facts.by_day is not None:
        lines.heading("按天")
        lines.bullets(_day_rows(facts.by_day, today))
    if facts.official:
        lines.heading(f"{OFFICIAL}（省里导出，另列，不与上面相加）")
        lines.bullets(_official(facts.official, rates))
        synced = "，".join(f"{words} {facts.synced.get(s, 0)}" for s, words in SYNCS.items())
        lines.add(f"与本系统对应：{synced}。发“省好差评”逐条看。")
    lines.heading("按事项见下表" if by_entry.rows else "按事项：没有记录（0）")
    buttons = (*_behind(base, by_window, facts.narrow), *_periods(today))
    return Reply(lines.text, headings=lines.headings, table=table, buttons=buttons)


def narrow_words(base: KnowledgeBase, scope: Scope, narrow: Narrow) -> str:
    """Return a scope in words, and what of it is shown."""
    if narrow == EVERYTHING:
        return scope_words(base, scope)
    entry = base.entries.get(narrow.entry or "")
    shown = narrow.district or (entry.short_name if entry else narrow.entry)
    return shown or window_name(base, narrow.window or "")


def _apart(facts: StatisticsFacts) -> list[str]:
    """Say what no window owns, what was voided, and mis-taps: each by itself."""
    unowned = sum(c.rated for c in facts.by_window.rows if c.key == UNASSIGNED)
    figures, found = facts.figures, []
    if unowned:
        found.append(f"评价 {residual_text(facts.by_window.total.rated, unowned)}")
    if figures.voided_bad and figures.bad is not None:
        found.append(f"差评含复核作废 {figures.voided_bad} 件共 {figures.bad_with_voided} 件")
    if figures.mis_taps:
        found.append(f"误点后更正 {figures.mis_taps} 件，另计")
    return found


def _before(facts: StatisticsFacts) -> str:
    """Compare with a period of equal length, with both numbers."""
    now, before = facts.by_window, facts.before
    period, earlier = Period(now.from_on, now.to_on), Period(before.from_on, before.to_on)
    rated = compare(now.total.rated, period, before.total.rated, earlier)
    change = f"；评价{rated.text}" if rated else ""
    if now.from_on == now.to_on:
        day = format_day(before.from_on)
        return f"上周同日（{day}，全天）：{counts_text(before.total)}{change}"
    return f"之前同样 {earlier.days} 天（{_days(before)}）：{counts_text(before.total)}{change}"


def _official(counts: Sequence[OfficialCounts], rates: Rates) -> list[str]:
    """Show the province's counts by district; the city's rate comes from the summed counts."""
    printed = Rates(
        source=OFFICIAL, rounding=rates.rounding, active_rate_base=rates.active_rate_base
    )
    rows = [
        (c.district or UNASSIGNED, Figures(c.active, c.default, c.good, c.active_good))
        for c in counts
    ]
    if len(rows) > 1:
        rows.append(("合计", summed(figures for _, figures in rows)))
    return [
        f"{name}：评价 {figures.total}（含默认 {figures.default}），差评 {figures.bad}，"
        + "，".join(
            f"{one.name} {one.text}（{one.parts}）"
            for indicator in (Indicator.GOOD, Indicator.ACTIVE_RATING)
            if (one := figures.shown(indicator, printed)) is not None
        )
        for name, figures in rows
    ]


def _suffix(base: KnowledgeBase, narrow: Narrow) -> str:
    """Return a filter as a token carries it."""
    if narrow.district is not None:
        ids = [d.id for d in base.districts if d.name == narrow.district]
        return f":d:{ids[0]}" if ids else ""
    if narrow.window is not None:
        return f":w:{narrow.window}"
    return f":e:{narrow.entry}" if narrow.entry is not None else ""


def _behind(
    base: KnowledgeBase, ratings: Ratings, narrow: Narrow
) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons to what stands behind the figures."""
    asked = f"{ratings.from_on}:{ratings.to_on}{_suffix(base, narrow)}"
    return (
        (
            Button("差评清单", f"bad:{asked}"),
            Button("未评事项", f"unrated:{asked}"),
            Button("各率", f"rates:{asked}"),
        ),
        (
            Button("排名", f"rank:{asked}"),
            Button("图", f"chart:{asked}"),
            Button("表格", f"sheet:{asked}"),
        ),
        (Button("评价异常", f"odd:{ratings.from_on}:{ratings.to_on}"),),
    )


def bad_reply(base: KnowledgeBase, found: Sequence[BadRating], from_on: date, to_on: date) -> Reply:
    """List bad ratings; each leads to its rectification and the answer that was shown."""
    days = (
        format_day(from_on) if from_on == to_on else f"{format_day(from_on)}至{format_day(to_on)}"
    )
    if not found:
        return Reply(f"{days}没有差评（0）。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"{days}差评 {len(found)} 件：")
    for one in found:
        where = window_name(base, one.window) if one.window else one.district or UNASSIGNED
        entry = base.entries.get(one.entry_id)
        name = entry.short_name if entry else one.entry_id
        void = "（复核作废）" if one.voided else ""
        void = "（刚评，还可更正）" if one.number is None else void
        lines.add(f"· {format_moment(one.rated_at)}｜{LEVELS[one.level]}｜{name}｜{where}{void}")
    rows = [
        (Button(f"整改 {one.number[-6:]}", f"rect:{one.number}"),)
        for one in found[:20]
        if one.number is not None
    ]
    return Reply(lines.text, buttons=(*rows, (MENU,)))


ODDITIES: Mapping[Oddity, str] = {
    Oddity.OWN_WINDOW: "工作人员想评价，已拒绝",
    Oddity.MANY_A_DAY: "一个账号一天评价多次",
    Oddity.BURST: "一个窗口短时间内评价多次",
    Oddity.TOO_FAST: "答复后几秒内就评价",
    Oddity.SAME_WORDS: "同样的话出现多次",
    Oddity.STAFF_PHONE: "留的电话在人员名册里",
}
MOST_ODD = 30


def oddities_reply(
    base: KnowledgeBase, found: Sequence[IntegrityFlag], from_on: date, to_on: date
) -> Reply:
    """List what looks odd, for a person to look at; nothing is deleted and no count changes."""
    days = (
        format_day(from_on) if from_on == to_on else f"{format_day(from_on)}至{format_day(to_on)}"
    )
    if not found:
        return Reply(f"{days}没有标出的评价异常。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"{days}评价异常 {len(found)} 条。只标出、不删除，评价照算，请核对：")
    lines.bullets(_odd(base, flag) for flag in found[:MOST_ODD])
    if len(found) > MOST_ODD:
        lines.add(f"（只列前 {MOST_ODD} 条）")
    return Reply(lines.text, buttons=((MENU,),))


def _odd(base: KnowledgeBase, flag: IntegrityFlag) -> str:
    scope = flag.scope
    where = window_name(base, scope.window) if scope.window else scope.district or UNASSIGNED
    times = f"（{flag.number} 次）" if flag.number > 1 else ""
    entry = f"｜{_entry_name(base, flag.entry_id)}" if flag.entry_id else ""
    return f"{format_day(flag.on)}｜{where}{entry}｜{ODDITIES[flag.oddity]}{times}"


def unrated_reply(base: KnowledgeBase, rows: Sequence[Counts], counted: Ratings) -> Reply:
    """List the entries nobody rated in a period."""
    period = _period_words(counted)
    if not rows:
        return Reply(f"{period}没有一次都没评的事项。", buttons=((MENU,),))
    table = Table(
        ("事项", "未评次数"), tuple((_entry_name(base, c.key), str(c.unrated)) for c in rows)
    )
    text = f"{period}答过但没人评的事项 {len(rows)} 个（共 {len(counted.rows)} 个事项）："
    return Reply(text, table=table, buttons=((MENU,),))


def _entry_name(base: KnowledgeBase, entry_id: str) -> str:
    entry = base.entries.get(entry_id)
    return entry.short_name if entry else entry_id


def ranking_reply(
    base: KnowledgeBase, ranked: Sequence[Ranked], counted: Ratings, rates: Rates, least: int
) -> Reply:
    """Rank windows by 好评率; too few ratings are shown without a place."""
    if not ranked:
        return Reply(f"{_period_words(counted)}没有评价（0）。", buttons=((MENU,),))
    rows = []
    for one in ranked:
        shown = rates.shown(Indicator.GOOD, one.rate)
        place = str(one.place) if one.place is not None else "不排"
        text = (
            f"{shown.text}（{shown.parts}）"
            if one.place is not None
            else f"评价 {one.rate.denominator}"
        )
        rows.append((place, window_name(base, one.key), text))
    note = f"{_period_words(counted)}，按好评率；不满 {least} 个评价的不排名、不算率。"
    return Reply(note, table=Table(("名次", "窗口", "好评率"), tuple(rows)), buttons=((MENU,),))


def rates_reply(
    base: KnowledgeBase, shown: Sequence[Shown], from_on: date, to_on: date, scope: Scope
) -> Reply:
    """Show every rate with numerator and denominator."""
    days = (to_on - from_on).days + 1
    table = Table(
        ("指标", "率", "分子", "分母"),
        tuple((r.name, r.text, str(r.rate.numerator), str(r.rate.denominator)) for r in shown),
    )
    text = (
        f"{format_day(from_on)}至{format_day(to_on)}，共 {days} 天，{scope_words(base, scope)}。\n"
        "按期整改、按期回访除以这段时间里到期的件数；没有到期的印 100.00%。"
    )
    return Reply(text, table=table, buttons=((MENU,),))


def chart_words(base: KnowledgeBase, scope: Scope, ratings: Ratings) -> Words:
    """Return what stands on a chart."""
    title = f"服务反馈（本系统） {_days(ratings)} {scope_words(base, scope)}"
    return Words(title, "好评", "差评", "未评", NO_DATA)


def window_bars(base: KnowledgeBase, by_window: Ratings) -> list[Bar]:
    """Return the windows as bars."""
    return [Bar(short_window_name(base, c.key), c.good, c.bad, c.unrated) for c in by_window.rows]


def day_bars(by_day: Ratings | None, today: date) -> list[Bar]:
    """Return a period's days as bars; a day without ratings is 0, a future one has no data."""
    if by_day is None:
        return []
    counts = {c.key: c for c in by_day.rows}
    found = []
    for n in range((by_day.to_on - by_day.from_on).days + 1):
        day = by_day.from_on + timedelta(days=n)
        label = f"{day.month}.{day.day}"
        c = counts.get(day.isoformat(), Counts(UNASSIGNED))
        known = day <= today
        found.append(
            Bar(label, c.good, c.bad, c.unrated) if known else Bar(label, None, None, None)
        )
    return found


def chart_reply(
    base: KnowledgeBase, scope: Scope, by_window: Ratings, by_day: Ratings | None, today: date
) -> Reply:
    """Hand over the picture, with the same numbers in words for those who cannot see it."""
    words = chart_words(base, scope, by_window)
    png = chart_png(words, window_bars(base, by_window), day_bars(by_day, today))
    said = f"{words.title}：{counts_text(by_window.total)}"
    return Reply(said, picture=Picture(png, said), buttons=((MENU,),))


def sheet_reply(document: Document, from_on: date, to_on: date, most: int) -> Reply:
    """Hand over the workbook."""
    return Reply(
        f"{format_day(from_on)}至{format_day(to_on)}的表格好了：各率带分子分母，后面是明细"
        f"（最多 {most} 行）。没有群众姓名、电话和原话。下载已记录。",
        document=document,
        buttons=((MENU,),),
    )


def _period_words(ratings: Ratings) -> str:
    if ratings.from_on == ratings.to_on:
        return f"{ratings.from_on.year}年{format_day(ratings.from_on)}"
    days = (ratings.to_on - ratings.from_on).days + 1
    return f"{_days(ratings)}，共 {days} 天"


def _days(ratings: Ratings) -> str:
    if ratings.from_on == ratings.to_on:
        return format_day(ratings.from_on)
    return f"{format_day(ratings.from_on)}至{format_day(ratings.to_on)}"


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


def _day_rows(ratings: Ratings, today: date) -> list[str]:
    """Return a row for every day of the period; one without ratings shows 0, a future one none."""
    by_day = {counts.key: counts for counts in ratings.rows}
    days = (ratings.to_on - ratings.from_on).days + 1
    every = [ratings.from_on + timedelta(days=n) for n in range(days)]
    return [
        f"{format_day(day)}：{counts_text(by_day.get(day.isoformat(), Counts(UNASSIGNED)))}"
        if day <= today
        else f"{format_day(day)}：{NO_DATA}"
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
