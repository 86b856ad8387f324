"""What the buttons under a list show: missing materials, answers to change, place, reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.dialogue import Button, Reply
from bot.views.answer import (
    AnswerFacts,
    answer_label,
    question_button,
    token,
    write_place,
)
from bot.views.due_days import days_table
from bot.views.materials import title_of
from bot.views.text import HOTLINE, Lines, format_day, format_full_day, shorten
from knowledge.checklist import Checklist, Group, ListedMaterial
from knowledge.model import District, ServicePackage
from reminders.working_days import Explanation


def back_button(checklist: Checklist) -> Button:
    """Return the button back to the list."""
    return Button("回到清单", token("list", checklist.entry, checklist.answers))


def edit_reply(checklist: Checklist) -> Reply:
    """Show every question with the answer given, each a button to change it."""
    lines = Lines()
    lines.add(f"{checklist.entry.name}：点一项就能改。")
    for question in checklist.questions:
        chosen = answer_label(question, checklist.answers) or "还没选"
        lines.add(f"· {question.ask.rstrip('？?')}：{chosen}")
    rows = [
        (question_button(checklist.entry, checklist.answers, question),)
        for question in checklist.questions
    ]
    return Reply(lines.text, buttons=(*rows, (back_button(checklist),)), replaces=True)


def missing_reply(checklist: Checklist, held: int, *, replaces: bool) -> Reply:
    """Show which materials are still missing and where to get them; each a tick button."""
    indices = {material.id: n for n, material in enumerate(checklist.entry.materials)}
    listed = [
        m
        for m in checklist.materials
        if m.id in indices and not m.conditional and m.group in (Group.REQUIRED, Group.DEFERRABLE)
    ]
    groups_held = {m.any_of for m in listed if m.any_of and held >> indices[m.id] & 1}
    missing = [
        m
        for m in listed
        if not held >> indices[m.id] & 1 and not m.optional and m.any_of not in groups_held
    ]
    lines = Lines()
    lines.add(f"{checklist.entry.name}：手上有的，点一下打勾。")
    if missing:
        lines.heading(f"还差 {len({m.any_of or m.id for m in missing})} 件")
        lines.numbered(_missing_text(m) for m in missing)
    else:
        lines.heading("要带的都齐了")
        lines.add("出门前再看一遍“看情况再加”和上班时间。")
    rows = [(_tick(checklist, m, held, indices[m.id]),) for m in listed]
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=(*rows, (back_button(checklist),)),
        replaces=replaces,
    )


def _missing_text(material: ListedMaterial) -> str:
    where = f"——没有去：{material.issuer}" if material.issuer else ""
    return f"{title_of(material)}{where}"


def _tick(checklist: Checklist, material: ListedMaterial, held: int, index: int) -> Button:
    mark = "☑" if held >> index & 1 else "☐"
    toggled = _base36(held ^ (1 << index))
    label = f"{mark} {shorten(material.name, 24)}"
    return Button(label, token("have", checklist.entry, checklist.answers, toggled, "r"))


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
        if number == 0:
            return text


def place_reply(
    facts: AnswerFacts, districts: Sequence[District], *, chosen: bool = False
) -> Reply:
    """Show where to go, and a button for each district."""
    lines = Lines()
    checklist = facts.checklist
    write_place(lines, facts)
    buttons = [
        Button(d.name, token("at", checklist.entry, checklist.answers, d.id)) for d in districts
    ]
    rows = [tuple(buttons[n : n + 2]) for n in range(0, len(buttons), 2)]
    if not chosen and facts.whereabouts.district is None:
        lines.add("", "您在哪个区县办？点一下：")
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=(*rows, (back_button(checklist),)),
        replaces=chosen,
    )


def why_reply(explanation: Explanation, accepted_on: date, days: int) -> Reply:
    """Show each day from acceptance to the last, counted or not, with the reason."""
    reserve = (
        "遇到还没公布放假安排的日子，以国务院放假安排为准。" if explanation.provisional else ""
    )
    return Reply(
        f"{format_full_day(accepted_on)}受理，{days} 个工作日，最晚 "
        f"{format_day(explanation.due_on)}办结。受理当天不算，从下一个工作日数起。{reserve}",
        table=days_table(explanation),
    )


def ask_correction_reply(entry: ServicePackage) -> Reply:
    """Ask what is wrong with an entry."""
    return Reply(
        f"“{entry.short_name}”这条哪里不对？请直接写出来（10 分钟内），我转给编辑。\n"
        "请别写身份证号、电话。不写了就点取消。",
        buttons=((Button("取消", "menu"),),),
    )


def correction_taken_reply(number: str) -> Reply:
    """Say that a correction went to the editor."""
    return Reply(
        f"收到了，已转给编辑，编号 {number}。发“查留言 {number}”可以看进度。"
        f"急着办的，请先打 {HOTLINE} 问清。"
    )
