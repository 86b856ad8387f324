"""The editor's messages: gaps, review, reload."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.dialogue import Button, Reply
from bot.records.gaps import Gap
from bot.views.text import Lines, format_full_day, shorten
from knowledge.changes import Change
from knowledge.model import KnowledgeBase, ServicePackage
from knowledge.problems import Problem, Severity

MENU = Button("菜单", "menu")
SHOWN = 30


def gaps_reply(gaps: Sequence[Gap], base: KnowledgeBase) -> Reply:
    """List the questions that found nothing, with the entries nearest to them."""
    if not gaps:
        return Reply("没有没答上来的问题。", buttons=((MENU,),))
    lines = Lines()
    lines.add("没答上来的问题（次数多的在前）：")
    for gap in gaps:
        near = "、".join(base.entries[id_].short_name for id_ in gap.nearest if id_ in base.entries)
        lines.add(f"· {gap.times} 次｜{shorten(gap.question, 60)}｜最近的：{near or '无'}")
    return Reply(lines.text, buttons=((MENU,),))


def review_reply(entries: Sequence[ServicePackage], today: date) -> Reply:
    """List the entries due for review."""
    if not entries:
        return Reply("14 天内没有要复核的条目。", buttons=((MENU,),))
    lines = Lines()
    lines.add("该复核的条目：")
    for entry in entries:
        late = "（已过期）" if entry.review_on < today else ""
        lines.add(f"· {entry.name}：{format_full_day(entry.review_on)}{late}")
    return Reply(lines.text, buttons=((MENU,),))


def reloading_reply() -> Reply:
    """Say that the files are being read."""
    return Reply("正在重新读取知识库，几秒后告诉您结果；这期间照常回答。")


def reload_told_reply(told: Sequence[str]) -> Reply:
    """Tell what came of a reload."""
    return Reply("\n".join(told), buttons=((MENU,),))


def refused_lines(problems: Sequence[Problem]) -> tuple[str, ...]:
    """Say that the old base stays in force, and why."""
    errors = [p for p in problems if p.severity is Severity.ERROR]
    lines = Lines()
    lines.add(f"没有更新：有 {len(errors)} 处错误，原来的内容继续用。")
    lines.bullets(str(p) for p in errors[:SHOWN])
    return tuple(lines.text.split("\n"))


def reloaded_lines(changed: Sequence[Change], problems: Sequence[Problem]) -> tuple[str, ...]:
    """List what changed, in words."""
    lines = Lines()
    lines.add(f"知识库已更新，{len(changed)} 处变化。" if changed else "知识库没有变化。")
    lines.bullets(f"{change.entry_id or '公共'}：{change.text}" for change in changed[:SHOWN])
    if len(changed) > SHOWN:
        lines.add(f"……其余 {len(changed) - SHOWN} 处略")
    if problems:
        lines.add(f"另有 {len(problems)} 条提醒，用 python -m bot check 看。")
    return tuple(lines.text.split("\n"))
