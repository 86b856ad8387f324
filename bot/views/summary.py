"""The lists that the daily summary's buttons open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.dialogue import Button, Person, Reply, Role
from bot.reports.daily import Unsent
from bot.views.case_proof import FAILURE_WORDS
from bot.views.cases import short_number
from bot.views.places import scope_words
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines, format_day, shorten
from knowledge.model import KnowledgeBase
from reminders.cases import Case

MENU = Button("菜单", "menu")
MOST_LINES = 30
MOST_BUTTONS = 10
LONGEST_QUESTION = 60

# What a message was about, by the first word of its kind.
_ABOUT: Mapping[str, str] = {
    "case": "办件提醒",
    "cases": "办件移交",
    "certificate": "证照提醒",
    "rectification": "整改提醒",
    "daily": "每日小结",
    "invitation": "评价邀请",
    "reply": "回答",
}


def unsent_reply(
    base: KnowledgeBase,
    day: date,
    found: Sequence[Unsent],
    people: Mapping[int, Person],
    *,
    discreet: bool,
) -> Reply:
    """List the messages given up on a day; on a discreet channel people stand by their role."""
    if not found:
        return Reply(f"{format_day(day)}没有送不到的提醒（0）。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"{format_day(day)}没送到的提醒 {len(found)} 条：")
    lines.bullets(_unsent(base, one, people, discreet=discreet) for one in found[:MOST_LINES])
    if len(found) > MOST_LINES:
        lines.add(f"（只列前 {MOST_LINES} 条）")
    lines.add("请让本人看看网页对话，或发“发绑定码”让他重新绑定。")
    return Reply(lines.text, buttons=((MENU,),))


def _unsent(
    base: KnowledgeBase, one: Unsent, people: Mapping[int, Person], *, discreet: bool
) -> str:
    about = _ABOUT.get(one.kind.partition("_")[0], "消息")
    person = people.get(one.recipient.person_id or 0)
    role = ROLE_NAMES[one.recipient.role or Role.CITIZEN]
    name = person.name if person and person.name and person.is_staff and not discreet else ""
    why = FAILURE_WORDS.get(one.failure or "", "送不到")
    where = scope_words(base, one.recipient.scope)
    return f"{one.at:%H:%M}｜{about}｜{role}{name}（{where}）｜{why}"


def unanswered_reply(day: date, questions: Sequence[str]) -> Reply:
    """List the questions, masked, that found no answer on a day."""
    if not questions:
        return Reply(f"{format_day(day)}没有没答上来的问题（0）。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"{format_day(day)}没答上来的问题 {len(questions)} 个，编辑会处理：")
    lines.bullets(shorten(question, LONGEST_QUESTION) for question in questions[:MOST_LINES])
    if len(questions) > MOST_LINES:
        lines.add(f"（只列前 {MOST_LINES} 个）")
    return Reply(lines.text, buttons=((MENU,),))


def due_today_reply(cases: Sequence[Case], day: date) -> Reply:
    """List the open cases whose last day this is; each leads to the case."""
    if not cases:
        return Reply(f"{format_day(day)}没有今天到期的办件（0）。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"{format_day(day)}到期、还没办结的 {len(cases)} 件：")
    lines.bullets(
        f"{short_number(case)}｜{case.item}｜{case.unit_name or '单位不详'}"
        for case in cases[:MOST_LINES]
    )
    if len(cases) > MOST_LINES:
        lines.add(f"（只列前 {MOST_LINES} 件，全部在“超期”里）")
    rows = tuple(
        (Button(f"看 {short_number(case)}", f"case:{case.id}"),) for case in cases[:MOST_BUTTONS]
    )
    return Reply(lines.text, buttons=(*rows, (MENU,)))
