"""A question about the person's situation, with its buttons."""

from __future__ import annotations

from bot.dialogue import Button, Reply
from bot.views.answer import NOT_SURE, SKIP, token
from bot.views.text import Lines
from knowledge.checklist import UNCLEAR, Answers, Checklist
from knowledge.model import Question, ServicePackage


def first_question_reply(checklist: Checklist, question: Question, *, again: bool) -> Reply:
    """Ask what must be known before the first list."""
    return _asked(checklist.entry, checklist.answers, question, replaces=again)


def question_reply(entry: ServicePackage, answers: Answers, question: Question) -> Reply:
    """Ask a question in place of the list it refines."""
    return _asked(entry, answers, question, replaces=True)


def _asked(entry: ServicePackage, answers: Answers, question: Question, *, replaces: bool) -> Reply:
    lines = Lines()
    lines.add(f"{entry.name}：先问一句，好给您列准。" if question.first else entry.name)
    lines.heading(question.ask)
    if question.conditions:
        lines.numbered(question.conditions)
    if question.why:
        lines.add(f"为什么问：{question.why}")
    rest = {q: a for q, a in answers.items() if q != question.id}
    options = [
        (Button(o.label, token("list", entry, {**rest, question.id: o.id})),)
        for o in question.options
    ]
    unclear = Button(NOT_SURE, token("list", entry, {**rest, question.id: UNCLEAR}))
    skip = Button(SKIP, token("all", entry, rest))
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=(*options, (unclear, skip), (Button("转人工", "human"),)),
        replaces=replaces,
    )
