"""The daily summary to a supervisor: what must still be done first, twelve lines at most."""

from __future__ import annotations

from datetime import date, datetime

from bot.dialogue import Button, Person, Reply
from bot.reports.daily import DayFacts
from bot.reports.rates import Rates
from bot.reports.statistics import Counts
from bot.views.places import scope_words
from bot.views.statistics import counts_text, summary_rate_text
from bot.views.text import Lines, format_day, format_moment
from knowledge.model import KnowledgeBase

MOST_NEW = 3


def summary_reply(
    base: KnowledgeBase,
    facts: DayFacts,
    person: Person,
    on: date,
    at: datetime,
    *,
    late_slot: datetime | None,
    rates: Rates,
    least: int,
    full_day_at: str,
) -> Reply:
    """Sum a day up; a day with nothing is one line, and the rest is behind the buttons.

    One that was missed says so first; the day after, its counts are those of the whole day.
    """
    as_of = f"截至 {at:%H:%M}" if on == at.date() else "全天"
    late = f"【补发】{format_moment(late_slot)} 的小结，当时程序没有运行。" if late_slot else None
    if facts.is_empty:
        return Reply(f"{late or ''}{format_day(on)}（{as_of}）：没有要处理的，也没有新的评价。")
    lines = Lines()
    lines.add(late)
    must = (facts.cases_due, facts.acts_waiting, facts.rectifications_due)
    if any(must):
        lines.add(
            f"今天还须处理：今天到期办件 {must[0]} 件，督办待签 {must[1]} 件，整改到期 {must[2]} 件"
        )
    else:
        lines.add("今天还须处理：没有")
    later = f"；全天数次日 {full_day_at}" if on == at.date() else ""
    lines.add(
        f"{format_day(on)}，{scope_words(base, person.scope)}，{as_of}{later}",
        counts_text(facts.counts),
        summary_rate_text(facts.counts, rates, least),
    )
    if facts.new_bad:
        shown = "、".join(number[-6:] for number in facts.new_bad[:MOST_NEW])
        more = f" 等 {len(facts.new_bad)} 件" if len(facts.new_bad) > MOST_NEW else ""
        lines.add(f"新差评：{shown}{more}")
    lines.add(f"没送到的提醒 {facts.not_sent} 条" if facts.not_sent else None)
    lines.add(f"没答上来的问题 {facts.gaps} 个" if facts.gaps else None)
    lines.add(f"评价异常 {facts.flags} 条（只标出，不删除）" if facts.flags else None)
    return Reply(lines.text, buttons=_openers(facts, on, at))


def _openers(facts: DayFacts, on: date, at: datetime) -> tuple[tuple[Button, ...], ...]:
    """Return a button for every line that says a number, to what it counts."""
    period = f"{on}:{on}"
    buttons = [
        Button("今日评价" if on == at.date() else "当日评价", f"stats:{period}"),
        Button("差评清单", f"bad:{period}"),
        Button("整改列表", "rects"),
    ]
    for number, label, token in (
        (facts.cases_due, "今天到期", "duetoday"),
        (facts.acts_waiting, "督办待签", "acts"),
        (facts.not_sent, "没送到的提醒", f"unsent:{on}"),
        (facts.gaps, "没答上来的问题", f"unanswered:{on}"),
        (facts.flags, "评价异常", f"odd:{period}"),
    ):
        if number:
            buttons.append(Button(label, token))
    return tuple(tuple(buttons[n : n + 2]) for n in range(0, len(buttons), 2))


def full_day_reply(
    counts: Counts,
    from_on: date,
    to_on: date,
    *,
    late_slot: datetime | None,
    rates: Rates,
    least: int,
) -> Reply:
    """Give the full counts of the day before, and of rest days and missed ones between."""
    late = f"【补发】{format_moment(late_slot)} 的全天数。" if late_slot else ""
    days = format_day(from_on)
    if from_on < to_on:
        days = f"{days}至{format_day(to_on)}"
    return Reply(
        f"{late}{days}全天：{counts_text(counts)}；{summary_rate_text(counts, rates, least)}。",
        buttons=((Button("详细", f"stats:{from_on}:{to_on}"),),),
    )
