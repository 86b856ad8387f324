"""Counts of our own ratings in words; every rate with both of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from bot.dialogue import CITY, Button, Document, Picture, Reply, Scope, Table
from bot.records.integrity import IntegrityFlag, Oddity
from bot.records.official_ratings import OfficialCounts, Sync
from bot.records.ratings import Reason
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
from bot.reports.statistics import EVERYTHING, UNASSIGNED, Counts, Narrow, Query, Ratings
from bot.views.official import SYNCS
from bot.views.places import scope_words, short_window_name, window_name
from bot.views.rating import LEVELS, REASON_LABELS, tag_label
from bot.views.rectifications import entry_name
from bot.views.text import Lines, format_day, format_moment
from knowledge.model import KnowledgeBase

HEADING = "服务反馈（本系统，不计入省好差评）"
OFFICIAL_HEADING = f"{OFFICIAL}（省里导出，另列，不与上面相加）"
MENU = Button("菜单", "menu")


BAD_A_PAGE = 8
MOST_CHOICES = 12
FOR_ORIENTATION = "只供参考"


@dataclass(frozen=True, slots=True)
class Before:
    """The equal period before; `until` where the present one is still going on."""

    from_on: date
    to_on: date
    until: datetime | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class StatisticsFacts:
    """What the counts of a period need: rows, the equal period before, exact figures."""

    by_window: Ratings
    by_entry: Ratings
    by_day: Ratings | None
    before: Before
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
    board: str | None = None,
) -> Reply:
    """Show a period's counts in total, beside an equal period before, by window and by entry.

    A period without anything is one line.
    """
    by_window, by_entry = facts.by_window, facts.by_entry
    shown = narrow_words(base, scope, facts.narrow)
    if _is_empty(facts):
        line = f"{HEADING}：{_period_words(by_window)}，{shown}，{counts_text(by_window.total)}。"
        return Reply(line, buttons=_periods(today, suffix(base, facts.narrow)))
    lines = Lines()
    lines.heading(HEADING)
    lines.add(*total_lines(base, scope, facts, rates=rates, today=today, at=at, least=least))
    lines.heading("按窗口")
    lines.bullets(_row(window_name(base, c.key), c, rates, least) for c in by_window.rows)
    if not by_window.rows:
        lines.add("没有记录（0）")
    table = _table(base, by_entry, rates, least)
    if facts.by_day is not None:
        lines.heading("按天")
        lines.bullets(_day_rows(facts.by_day, today))
    if facts.official:
        lines.heading(OFFICIAL_HEADING)
        lines.add(*official_lines(facts, rates))
    lines.heading("按事项见下表" if by_entry.rows else "按事项：没有记录（0）")
    links = ((Button("看板", url=board),),) if board else ()
    asked = suffix(base, facts.narrow)
    buttons = (*_behind(by_window, asked), *_periods(today, asked), *links)
    return Reply(lines.text, headings=lines.headings, table=table, buttons=buttons)


def total_lines(
    base: KnowledgeBase,
    scope: Scope,
    facts: StatisticsFacts,
    *,
    rates: Rates,
    today: date,
    at: datetime,
    least: int,
) -> list[str]:
    """Return period and part, the counts in total, their rate, and the equal period before."""
    by_window = facts.by_window
    until = [f"截至 {format_moment(at)}"] if by_window.to_on == today else []
    return [
        f"{_period_words(by_window)}，{narrow_words(base, scope, facts.narrow)}",
        *until,
        counts_text(by_window.total),
        *_apart(facts),
        rate_text(by_window.total, rates, least),
        _before(facts, today),
    ]


def official_lines(facts: StatisticsFacts, rates: Rates) -> list[str]:
    """Return the province's counts, never added to ours."""
    extent = _official_extent(facts.narrow)
    rows = [f"· {row}" for row in _official(facts.official, rates)]
    if facts.narrow != EVERYTHING:
        return [*([extent] if extent else []), *rows]
    synced = "，".join(f"{words} {facts.synced.get(s, 0)}" for s, words in SYNCS.items())
    return [*rows, f"与本系统对应：{synced}。发“省好差评”逐条看。"]


def _is_empty(facts: StatisticsFacts) -> bool:
    """Tell whether there is nothing at all to say of a period."""
    total, figures = facts.by_window.total, facts.figures
    said = (total.rated, total.unrated, figures.voided_bad, figures.mis_taps, *facts.official)
    return not any(said)


def _official_extent(narrow: Narrow) -> str | None:
    """Say that the province's export knows districts alone, where something else is asked for."""
    if narrow.window is None and narrow.entry is None and narrow.hall is None:
        return None
    return "省里导出的不分窗口和事项，下面是您管的全部区县："


def narrow_words(base: KnowledgeBase, scope: Scope, narrow: Narrow) -> str:
    """Return a scope in words, and what of it is shown."""
    hall = base.places.get(narrow.hall or "")
    shown = replace(
        scope,
        district=narrow.district or scope.district,
        window=narrow.window or scope.window,
    )
    if narrow.window is not None:
        shown = replace(shown, district=None)
    place = hall.name if hall and shown.window is None else None
    named = scope_words(base, shown) if shown != CITY else None
    entry = entry_name(base, narrow.entry) if narrow.entry else None
    return "·".join(part for part in (place, named, entry) if part) or scope_words(base, scope)


def choose_reply(
    base: KnowledgeBase, verb: str, from_on: date, to_on: date, choices: Sequence[Narrow]
) -> Reply:
    """Ask back which window or entry is meant, where several bear the name."""
    shown = choices[:MOST_CHOICES]
    rows = tuple(
        (Button(narrow_words(base, CITY, one), f"{verb}:{from_on}:{to_on}{suffix(base, one)}"),)
        for one in shown
    )
    more = f"只列前 {MOST_CHOICES} 个，不在里面请写全名。" if len(choices) > len(shown) else ""
    span = _span(from_on, to_on)
    text = f"{span}：叫这个名字的有 {len(choices)} 个，看哪一个的？{more}"
    return Reply(text, buttons=(*rows, (MENU,)))


def board_path(base: KnowledgeBase, query: Query) -> str:
    """Return the dashboard's path for a query, as its links carry it."""
    return f"/dashboard?{urlencode(board_fields(base, query))}"


def board_fields(base: KnowledgeBase, query: Query) -> dict[str, str]:
    """Return a query as the fields of the dashboard's addresses."""
    narrow = query.narrow
    ids = {d.name: d.id for d in base.districts}
    fields = {
        "from": query.from_on.isoformat(),
        "to": query.to_on.isoformat(),
        "district": ids.get(narrow.district or "", narrow.district) or narrow.hall,
        "window": narrow.window,
        "item": narrow.entry,
    }
    return {key: value for key, value in fields.items() if value is not None}


def board_reply(board: str | None) -> Reply:
    """Lead to the dashboard, or say where it is."""
    if board is None:
        return Reply("看板在网页上：打开本系统网页，绑定身份后点“看板”。", buttons=((MENU,),))
    return Reply(
        "看板：数、率、图、每一件差评和整改，点数字往下看。",
        buttons=((Button("打开看板", url=board),), (MENU,)),
    )


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


def _before(facts: StatisticsFacts, today: date) -> str:
    """Compare with a period of equal length, with both numbers.

    One still going on is set beside the same hours, and 未评 is left out: who has not rated yet
    at ten in the morning may still do so.
    """
    now, before = facts.by_window, facts.before
    period = Period(now.from_on, min(now.to_on, today))
    earlier = Period(before.from_on, before.to_on)
    rated = compare(now.total.rated, period, before.counts.rated, earlier)
    change = f"；评价{rated.text}" if rated else ""
    if before.until is None:
        counts, end = counts_text(before.counts), "，全天" if period.days == 1 else ""
    else:
        counts = f"好评 {before.counts.good}，差评 {before.counts.bad}"
        end = f"，同样截至 {before.until:%H:%M}"
    if period.days == 1:
        return f"上周同日（{format_day(before.from_on)}{end}）：{counts}{change}"
    days = _span(before.from_on, before.to_on)
    return f"之前同样 {earlier.days} 天（{days}{end}）：{counts}{change}"


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


def subject_of(base: KnowledgeBase, verb: str, query: Query) -> str:
    """Return what the audit log keeps of figures that were looked at: period and every filter."""
    parts = (
        suffix(base, Narrow(district=query.narrow.district)) if query.narrow.district else "",
        suffix(base, Narrow(hall=query.narrow.hall)) if query.narrow.hall else "",
        suffix(base, Narrow(window=query.narrow.window)) if query.narrow.window else "",
        suffix(base, Narrow(entry=query.narrow.entry)) if query.narrow.entry else "",
    )
    return f"{verb}:{query.from_on}:{query.to_on}{''.join(parts)}"


def suffix(base: KnowledgeBase, narrow: Narrow) -> str:
    """Return a filter as a token carries it."""
    if narrow.district is not None:
        ids = [d.id for d in base.districts if d.name == narrow.district]
        return f":d:{ids[0]}" if ids else ""
    if narrow.window is not None:
        return f":w:{narrow.window}"
    if narrow.hall is not None:
        return f":h:{narrow.hall}"
    return f":e:{narrow.entry}" if narrow.entry is not None else ""


def _behind(ratings: Ratings, asked_of: str) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons to what stands behind the figures."""
    asked = f"{ratings.from_on}:{ratings.to_on}{asked_of}"
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
        (Button("评价异常", f"odd:{asked}"),),
    )


def bad_reply(
    base: KnowledgeBase,
    scope: Scope,
    query: Query,
    found: Sequence[BadRating],
    figures: Figures,
    page: int,
) -> Reply:
    """List a page of bad ratings; each leads to its rectification and the answer shown."""
    heading = asked_words(base, scope, query)
    total = figures.bad_with_voided or 0
    if not total:
        return Reply(f"{heading}没有差评（0）。", buttons=((MENU,),))
    lines = Lines()
    void = f"，另有复核作废 {figures.voided_bad} 件" if figures.voided_bad else ""
    lines.add(f"{heading}差评 {figures.bad} 件{void}")
    first = page * BAD_A_PAGE
    if total > BAD_A_PAGE:
        lines.add(f"第 {first + 1} 至 {first + len(found)} 件，共列 {total} 件，新的在前：")
    lines.numbered((bad_line(base, one) for one in found), first=first + 1)
    buttons = [
        Button(f"整改 {one.number[-6:]}", f"rect:{one.number}")
        for one in found
        if one.number is not None
    ]
    rows = [tuple(buttons[n : n + 2]) for n in range(0, len(buttons), 2)]
    asked = f"bad:{query.from_on}:{query.to_on}{suffix(base, query.narrow)}"
    turns = []
    if page > 0:
        turns.append(Button("上一页", f"{asked}:p{page - 1}"))
    if first + len(found) < total:
        turns.append(Button("下一页", f"{asked}:p{page + 1}"))
    return Reply(lines.text, buttons=(*rows, *((tuple(turns),) if turns else ()), (MENU,)))


def bad_line(base: KnowledgeBase, one: BadRating) -> str:
    """Return a bad rating as one line: when, how bad, about what, where, why."""
    where = window_name(base, one.window) if one.window else one.district or UNASSIGNED
    void = "（复核作废）" if one.voided else ""
    void = "（刚评，还可更正）" if one.number is None else void
    parts = (
        format_moment(one.rated_at),
        LEVELS[one.level],
        entry_name(base, one.entry_id),
        where,
        reason_words(one),
    )
    return "｜".join(parts) + void


def reason_words(one: BadRating) -> str:
    """Return why somebody rated so, in the words of the reasons they chose."""
    if one.reason is None:
        return "没选原因"
    label = REASON_LABELS[Reason(one.reason)]
    tags = "、".join(words for tag in one.tags if (words := tag_label(tag)))
    return f"{label}·{tags}" if tags else label


def asked_words(base: KnowledgeBase, scope: Scope, query: Query) -> str:
    """Return period and part of a list, as its beginning."""
    shown = narrow_words(base, scope, query.narrow)
    return f"{_span(query.from_on, query.to_on)}，{shown}："


def _span(from_on: date, to_on: date) -> str:
    if from_on == to_on:
        return format_day(from_on)
    return f"{format_day(from_on)}至{format_day(to_on)}"


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
    base: KnowledgeBase, scope: Scope, query: Query, found: Sequence[IntegrityFlag]
) -> Reply:
    """List what looks odd, for a person to look at; nothing is deleted and no count changes."""
    heading = asked_words(base, scope, query)
    if not found:
        return Reply(f"{heading}没有标出的评价异常。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"{heading}评价异常 {len(found)} 条。只标出、不删除，评价照算，请核对：")
    lines.bullets(_odd(base, flag) for flag in found[:MOST_ODD])
    if len(found) > MOST_ODD:
        lines.add(f"（只列前 {MOST_ODD} 条）")
    return Reply(lines.text, buttons=((MENU,),))


def _odd(base: KnowledgeBase, flag: IntegrityFlag) -> str:
    scope = flag.scope
    where = window_name(base, scope.window) if scope.window else scope.district or UNASSIGNED
    times = f"（{flag.number} 次）" if flag.number > 1 else ""
    entry = f"｜{entry_name(base, flag.entry_id)}" if flag.entry_id else ""
    return f"{format_day(flag.on)}｜{where}{entry}｜{ODDITIES[flag.oddity]}{times}"


def unrated_reply(
    base: KnowledgeBase, scope: Scope, query: Query, rows: Sequence[Counts], counted: Ratings
) -> Reply:
    """List the entries nobody rated in a period."""
    heading = asked_words(base, scope, query)
    if not rows:
        return Reply(f"{heading}没有一次都没评的事项。", buttons=((MENU,),))
    table = Table(
        ("事项", "未评次数"), tuple((entry_name(base, c.key), str(c.unrated)) for c in rows)
    )
    text = f"{heading}答过但没人评的事项 {len(rows)} 个（共 {len(counted.rows)} 个事项）"
    return Reply(text, table=table, buttons=((MENU,),))


def ranking_reply(
    base: KnowledgeBase,
    scope: Scope,
    query: Query,
    ranked: Sequence[Ranked],
    rates: Rates,
    least: int,
) -> Reply:
    """Rank windows by 好评率; too few ratings are shown without a place."""
    heading = asked_words(base, scope, query)
    if not ranked:
        return Reply(f"{heading}没有评价（0），不排名。", buttons=((MENU,),))
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
    note = f"{heading}按好评率；不满 {least} 个评价的不排名、不算率。"
    return Reply(note, table=Table(("名次", "窗口", "好评率"), tuple(rows)), buttons=((MENU,),))


def rates_reply(base: KnowledgeBase, scope: Scope, query: Query, shown: Sequence[Shown]) -> Reply:
    """Show every rate with numerator and denominator."""
    days = (query.to_on - query.from_on).days + 1
    table = Table(
        ("指标", "率", "分子", "分母"),
        tuple((r.name, r.text, str(r.rate.numerator), str(r.rate.denominator)) for r in shown),
    )
    text = (
        f"{format_day(query.from_on)}至{format_day(query.to_on)}，共 {days} 天，"
        f"{narrow_words(base, scope, query.narrow)}。\n"
        "按期整改、按期回访除以这段时间里到期的件数；没有到期的印 100.00%。"
    )
    return Reply(text, table=table, buttons=((MENU,),))


def chart_words(base: KnowledgeBase, scope: Scope, query: Query) -> Words:
    """Return what stands on a chart."""
    shown = narrow_words(base, scope, query.narrow)
    title = f"服务反馈（本系统） {_span(query.from_on, query.to_on)} {shown}"
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
    base: KnowledgeBase,
    scope: Scope,
    query: Query,
    by_window: Ratings,
    by_day: Ratings | None,
    today: date,
) -> Reply:
    """Hand over the picture, with the same numbers in words for those who cannot see it."""
    words = chart_words(base, scope, query)
    png = chart_png(words, window_bars(base, by_window), day_bars(by_day, today))
    said = f"{words.title}：{counts_text(by_window.total)}"
    return Reply(said, picture=Picture(png, said), buttons=((MENU,),))


def sheet_name(base: KnowledgeBase, scope: Scope, query: Query) -> str:
    """Return the workbook's name: period, and the part where it is one."""
    part = f"-{narrow_words(base, scope, query.narrow)}" if query.narrow != EVERYTHING else ""
    return f"服务反馈-{query.from_on:%Y%m%d}-{query.to_on:%Y%m%d}{part}.xlsx"


def sheet_reply(
    base: KnowledgeBase, scope: Scope, query: Query, document: Document, most: int
) -> Reply:
    """Hand over the workbook."""
    return Reply(
        f"{asked_words(base, scope, query)}表格好了，各率带分子分母，后面是明细"
        f"（最多 {most} 行）。没有群众姓名、电话和原话。下载已记录。",
        document=document,
        buttons=((MENU,),),
    )


def _period_words(ratings: Ratings) -> str:
    if ratings.from_on == ratings.to_on:
        return f"{ratings.from_on.year}年{format_day(ratings.from_on)}"
    days = (ratings.to_on - ratings.from_on).days + 1
    return f"{_span(ratings.from_on, ratings.to_on)}，共 {days} 天"


def counts_text(counts: Counts) -> str:
    """Return 好评 N，差评 N，未评 N."""
    return f"好评 {counts.good}，差评 {counts.bad}，未评 {counts.unrated}"


def rate_text(counts: Counts, rates: Rates, least: int) -> str:
    """Return 好评率 with both parts; under `least` ratings said to be for orientation only."""
    shown = rates.shown(Indicator.GOOD, counts.good_rate)
    few = f"（不满 {least} 个，{FOR_ORIENTATION}）" if counts.rated < least else ""
    return f"{shown.name} {shown.text}（{shown.parts}）{few}"


def summary_rate_text(counts: Counts, rates: Rates, least: int) -> str:
    """Return 好评率 for a daily summary: under `least` ratings counts only, no rate at all."""
    if counts.rated < least:
        return f"评价 {counts.rated} 个，不满 {least} 个，只给数、不算率"
    return rate_text(counts, rates, least)


def _row(name: str, counts: Counts, rates: Rates, least: int) -> str:
    rate = f"，{rate_text(counts, rates, least)}" if counts.rated >= least else ""
    return f"{name}：{counts_text(counts)}{rate}"


def days_of(query: Query) -> tuple[date, ...]:
    """Return every day of a query's period."""
    days = Period(query.from_on, query.to_on).days
    return tuple(query.from_on + timedelta(days=n) for n in range(days))


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


def _table(base: KnowledgeBase, ratings: Ratings, rates: Rates, least: int) -> Table | None:
    if not ratings.rows:
        return None
    rows = []
    for counts in ratings.rows:
        good = rates.shown(Indicator.GOOD, counts.good_rate)
        shown = f"{good.text}（{good.parts}）" if counts.rated >= least else "—"
        name = entry_name(base, counts.key)
        rows.append((name, str(counts.good), str(counts.bad), str(counts.unrated), shown))
    return Table(("事项", "好评", "差评", "未评", "好评率"), tuple(rows))


def _periods(today: date, asked_of: str) -> tuple[tuple[Button, ...], ...]:
    """Return buttons to other periods of the same part."""
    yesterday = today - timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    return (
        (
            _button("今日", today, today, asked_of),
            _button("昨日", yesterday, yesterday, asked_of),
        ),
        (
            _button("本周", monday, today, asked_of),
            _button("本月", first, today, asked_of),
        ),
    )


def _button(label: str, from_on: date, to_on: date, asked_of: str) -> Button:
    return Button(label, f"stats:{from_on.isoformat()}:{to_on.isoformat()}{asked_of}")
