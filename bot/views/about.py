"""Answers that start with exactly what was asked: time, fee, place, copies of one paper…"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.dialogue import Button, Reply
from bot.views.answer import (
    DEMO_NOTE,
    AnswerFacts,
    count_line,
    fee_text,
    finish_line,
    hall_lines,
    limit_text,
    step_text,
    token,
    way_of,
    write_notes,
    write_place,
)
from bot.views.materials import condition_of, details_of, form_of
from bot.views.text import HOTLINE, Lines, end_sentence
from knowledge.checklist import Checklist, Group, ListedMaterial
from knowledge.model import Permission, is_trusted
from knowledge.search.understanding import About

LIKE_ENOUGH = 60


def about_reply(facts: AnswerFacts, about: About, subject: str | None) -> Reply:
    """Return the direct answer to one aspect, with a button to the whole list."""
    lines = Lines()
    checklist = facts.checklist
    lines.add(f"{checklist.entry.name}｜{_TITLES[about]}")
    match about:
        case About.TIME:
            _add_time(lines, facts)
        case About.FEE:
            lines.add(*([fee_text(checklist, fee) for fee in checklist.fees] or [_unknown("收费")]))
        case About.PLACE:
            write_place(lines, facts)
        case About.STEPS:
            _add_steps(lines, checklist)
        case About.RESULT:
            _add_notes(lines, [note.text for note in checklist.results], "办下来拿到什么")
        case About.CONDITIONS:
            _add_conditions(lines, checklist)
        case About.COPIES:
            _add_copies(lines, checklist, subject)
        case About.NEEDED:
            _add_needed(lines, checklist, subject)
        case About.AGENT:
            _add_permission(lines, checklist, checklist.entry.agent, "别人能不能代办")
            _add_agent_papers(lines, checklist)
        case About.ONLINE:
            lines.add(end_sentence(way_of(checklist)))
            lines.bullets(f"{c.name}{'：' + c.path if c.path else ''}" for c in checklist.channels)
        case About.ELSEWHERE:
            _add_permission(lines, checklist, checklist.entry.elsewhere, "别的地方能不能办")
        case About.MATERIALS:
            lines.add(count_line(checklist))
    if facts.demo:
        lines.add(DEMO_NOTE)
    return Reply(lines.text, headings=lines.headings, buttons=_rest_buttons(checklist, about))


_TITLES = {
    About.MATERIALS: "要带什么",
    About.TIME: "多久办好",
    About.FEE: "多少钱",
    About.PLACE: "在哪办",
    About.STEPS: "怎么办",
    About.RESULT: "办下来拿到什么",
    About.CONDITIONS: "要符合什么",
    About.COPIES: "要几份",
    About.NEEDED: "要不要带",
    About.AGENT: "别人能不能代办",
    About.ONLINE: "网上能不能办",
    About.ELSEWHERE: "别的地方能不能办",
}


def _unknown(what: str) -> str:
    return f"{what}：资料里没有开封的确切说法，请打 {HOTLINE} 问清，我不替窗口猜。"


def _add_time(lines: Lines, facts: AnswerFacts) -> None:
    checklist = facts.checklist
    if not checklist.limits:
        lines.add(_unknown("办理时限"))
    lines.bullets(limit_text(checklist, limit) for limit in checklist.limits)
    if facts.finish:
        lines.add(finish_line(facts.finish))


def _add_steps(lines: Lines, checklist: Checklist) -> None:
    if checklist.steps:
        lines.numbered(step_text(checklist, step) for step in checklist.steps)
    else:
        lines.add(_unknown("办理步骤"))


def _add_notes(lines: Lines, texts: Sequence[str], what: str) -> None:
    lines.bullets(texts)
    if not texts:
        lines.add(_unknown(what))


def _add_conditions(lines: Lines, checklist: Checklist) -> None:
    gates = [c for q in checklist.questions for c in q.conditions]
    if gates:
        lines.heading("走联办要都符合")
        lines.bullets(gates)
    if checklist.conditions or checklist.not_supported:
        write_notes(lines, checklist)
    elif not gates:
        lines.add(_unknown("办理条件"))


def named_materials(checklist: Checklist, subject: str | None) -> list[ListedMaterial]:
    """Return the materials somebody means by a word, the likest first."""
    if not subject:
        return []
    words = _SHORT_NAMES.get(subject, subject)
    names = {n: m.name for n, m in enumerate(checklist.materials)}
    exact = [m for m in checklist.materials if words in m.name or m.name in words]
    if exact:
        return exact
    found = process.extract(words, names, scorer=fuzz.partial_ratio, score_cutoff=LIKE_ENOUGH)
    return [checklist.materials[n] for _, _, n in found][:3]


_SHORT_NAMES = {
    "户口本": "户口簿",
    "相片": "照片",
    "照片": "照片",
    "房本": "不动产权",
    "章": "公章",
}


def _add_copies(lines: Lines, checklist: Checklist, subject: str | None) -> None:
    materials = named_materials(checklist, subject) or [
        m for m in checklist.materials if m.copies and not m.conditional
    ]
    for material in materials:
        lines.add(f"· {_when_of(material)}{material.name}：{_copies(material)}")
    if not materials:
        about = f"清单里没有“{subject}”。" if subject else "来源没有写明复印件份数。"
        lines.add(f"{about}拿不准就带原件，窗口一般能复印；也可打 {HOTLINE} 问。")


def _when_of(material: ListedMaterial) -> str:
    """Return under which condition and where a material is asked for, where not simply here."""
    condition = f"{condition_of(material)}，" if material.conditional else ""
    place = (
        f"（{material.source.place}的要求，开封未确认）"
        if material.group is Group.ELSEWHERE
        else ""
    )
    return f"{condition}{place}"


def _copies(material: ListedMaterial) -> str:
    parts = [
        f"{material.pieces} 件" if material.pieces else "",
        f"复印件 {material.copies} 份" if material.copies else "",
    ]
    known = "，".join(part for part in parts if part)
    return known or f"来源没写几份{form_of(material)}，以窗口答复为准，可打 {HOTLINE} 问"


def _add_needed(lines: Lines, checklist: Checklist, subject: str | None) -> None:
    materials = named_materials(checklist, subject)
    if not materials:
        paper = f"“{subject}”" if subject else "这样东西"
        lines.add(
            f"清单里没有{paper}。窗口要清单以外的材料，可以请他说明依据，"
            f"找“办不成事”窗口或打 {HOTLINE}。"
        )
        return
    for material in materials:
        lines.add(f"· {material.name}{form_of(material)}：{_needed(material)}")
        details = details_of(material, checklist)
        if details:
            lines.add(f"   {end_sentence('；'.join(details))}")
        lines.add(f"   来源：{material.source.place}｜{material.source.title}")


def _needed(material: ListedMaterial) -> str:
    if material.optional:
        return "可带可不带"
    word = {
        Group.REQUIRED: "要带",
        Group.DEFERRABLE: "可以后补",
        Group.DECLARABLE: "可以签承诺书代替",
        Group.EXEMPT: "不用带，免提交",
        Group.ELSEWHERE: "别处要，开封未确认，去前先问",
    }[material.group]
    return f"{condition_of(material)}才用：{word}" if material.conditional else word


def _add_permission(
    lines: Lines, checklist: Checklist, permission: Permission | None, what: str
) -> None:
    if permission is None:
        lines.add(_unknown(what))
        return
    word = {True: "可以。", False: "不可以。", None: "没有确切说法。"}[permission.allowed]
    source = checklist.entry.source(permission.source)
    note = "" if is_trusted(source, permission) else f"（{source.place}的说法，开封未确认）"
    lines.add(f"{word}{permission.text}{note}")


def _add_agent_papers(lines: Lines, checklist: Checklist) -> None:
    papers = [m for m in checklist.materials if any(w in m.name for w in ("委托", "代办", "代理"))]
    lines.bullets(f"{m.name}{form_of(m)}" for m in papers)


def grievance_reply(facts: AnswerFacts, subject: str | None) -> Reply:
    """Answer a grievance: what the list says of that paper, its source, then the doors."""
    lines = Lines()
    checklist = facts.checklist
    lines.add("让您跑腿了，对不住。照清单帮您核一下：")
    lines.add(f"{checklist.entry.name}｜{way_of(checklist)}，{count_line(checklist)}")
    if subject:
        _add_needed(lines, checklist, subject)
    lines.add(
        "",
        f"窗口要清单以外的材料，或来回让您跑：可找大厅“办不成事”窗口，或打 {HOTLINE}，"
        "也可以点“转人工”。",
        *hall_lines(facts.whereabouts),
    )
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=_rest_buttons(checklist, About.NEEDED),
    )


def _rest_buttons(checklist: Checklist, about: About) -> tuple[tuple[Button, ...], ...]:
    entry, answers = checklist.entry, checklist.answers
    others = [a for a in (About.TIME, About.PLACE, About.FEE, About.STEPS) if a is not about]
    asides = tuple(Button(_TITLES[a], token("about", entry, answers, a.value)) for a in others[:2])
    return (
        (Button("看全部材料", token("list", entry, answers)),),
        asides,
        (Button("转人工", "human"),),
    )
