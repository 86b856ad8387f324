"""show: the complete answer for a situation."""

from __future__ import annotations

from typing import Any

import click

from bot.answering import facts_for
from bot.commands.options import WRONG_USE, Context, common_options, fail, named_district
from bot.commands.output import print_json, print_reply
from bot.desk import Desk
from bot.dialogue import Place
from bot.views.answer import AnswerFacts, answer_reply, fee_text, limit_text, step_text
from bot.views.materials import condition_of
from knowledge.checklist import UNCLEAR, ListedMaterial
from knowledge.model import Fact, Limit, ServicePackage


@click.command()
@click.argument("entry_id", metavar="ENTRY")
@click.option("--answer", "answered", multiple=True, metavar="问题=选项", help="情形，可多次")
@click.option("--district", help="区县，任何常用叫法")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def show(
    settings: Context,
    entry_id: str,
    answered: tuple[str, ...],
    district: str | None,
    as_json: bool,
) -> None:
    """按情形给出一件事的完整清单。

    \b
    例：
      python -m bot show newborn
      python -m bot show restaurant --answer area=small --district 龙亭 --json
    """
    desk = settings.desk()
    entry = desk.base.entries.get(entry_id)
    if entry is None:
        fail(f"没有 {entry_id} 这个条目。用 ask 找，或看 knowledge/data/packages。", WRONG_USE)
    answers = _answers(entry, answered)
    place = Place(district=named_district(desk, district))
    facts = facts_for(desk, entry, answers, place)
    if as_json:
        print_json(_json(desk, facts))
    else:
        print_reply(answer_reply(facts))


def _answers(entry: ServicePackage, answered: tuple[str, ...]) -> dict[str, str]:
    answers = {}
    questions = {question.id: question for question in entry.questions}
    for pair in answered:
        question_id, _, option = pair.partition("=")
        question = questions.get(question_id)
        if question is None:
            fail(
                f"{entry.id} 没有问题 {question_id}；有：{'、'.join(questions) or '无'}", WRONG_USE
            )
        options = [o.id for o in question.options]
        if option not in (*options, UNCLEAR):
            fail(f"{question_id} 没有选项 {option}；有：{'、'.join(options)}", WRONG_USE)
        answers[question_id] = option
    return answers


def _json(desk: Desk, facts: AnswerFacts) -> dict[str, Any]:
    checklist = facts.checklist
    entry = checklist.entry
    route = checklist.route
    return {
        "id": entry.id,
        "name": entry.name,
        "version": desk.base.version,
        "online": route.online.value if route and route.online else None,
        "count": checklist.count,
        "unconfirmed_count": checklist.unconfirmed_count,
        "questions": [
            {
                "id": q.id,
                "ask": q.ask,
                "options": [{"id": o.id, "label": o.label} for o in q.options],
                "answer": checklist.answers.get(q.id),
            }
            for q in checklist.questions
        ],
        "materials": [_material(m) for m in checklist.materials],
        "steps": [
            {"id": s.id, "text": step_text(checklist, s), **_origin(entry, s)}
            for s in checklist.steps
        ],
        "fee": [
            {"text": fee_text(checklist, f), "amount": f.amount, **_origin(entry, f)}
            for f in checklist.fees
        ],
        "limits": [_limit(facts, limit) for limit in checklist.limits],
        "finish_on": facts.finish.due_on.isoformat() if facts.finish else None,
        "provisional": facts.finish.provisional if facts.finish else None,
        "where": _where(facts),
        "traps": [t.text for t in checklist.traps],
        "sources": [
            {
                "id": s.id,
                "title": s.title,
                "place": s.place,
                "url": s.url,
                "confidence": s.confidence.value,
                "checked_on": s.checked_on.isoformat(),
            }
            for s in entry.sources
        ],
    }


def _material(material: ListedMaterial) -> dict[str, Any]:
    return {
        "id": material.id,
        "name": material.name,
        "group": material.group.value,
        "hand_in": material.hand_in.value if material.hand_in else None,
        "copies": material.copies,
        "pieces": material.pieces,
        "serves": [item.name for item in material.serves],
        "any_of": material.any_of,
        "optional": material.optional,
        "condition": condition_of(material) if material.conditional else None,
        "withheld": [relief.value for relief in material.withheld],
        "issuer": material.issuer,
        "reason": material.reason,
        "source": material.source.title,
        "place": material.source.place,
        "confidence": material.confidence.value,
        "checked_on": material.checked_on.isoformat(),
    }


def _origin(entry: ServicePackage, fact: Fact) -> dict[str, Any]:
    source = entry.source(fact.source)
    return {
        "source": source.title,
        "place": source.place,
        "confidence": (fact.confidence or source.confidence).value,
    }


def _limit(facts: AnswerFacts, limit: Limit) -> dict[str, Any]:
    entry = facts.checklist.entry
    return {
        "kind": limit.kind,
        "item": limit.item,
        "days": limit.days,
        "unit": limit.unit.value,
        "text": limit_text(facts.checklist, limit),
        **_origin(entry, limit),
    }


def _where(facts: AnswerFacts) -> dict[str, Any]:
    hall = facts.whereabouts.hall
    return {
        "district": facts.whereabouts.district,
        "hall": hall.name if hall else None,
        "address": hall.address if hall else None,
        "phone": hall.phone if hall else None,
        "hours": hall.hours.text if hall and hall.hours else None,
        "open_today": facts.whereabouts.open_today,
        "locations": [
            {"text": at.text, "window": at.window, "phone": at.phone}
            for at in facts.checklist.locations
        ],
        "online": [
            {"name": c.name, "path": c.path, "url": c.url} for c in facts.checklist.channels
        ],
        "hotlines": list(facts.checklist.entry.hotlines),
    }
