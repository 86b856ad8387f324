"""The complete answer to "what do I need": one message that tells everything at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.dialogue import Button, Reply
from bot.views.materials import form_of, write_materials
from bot.views.text import (
    HOTLINE,
    Lines,
    end_sentence,
    format_day,
    format_days,
    format_full_day,
    format_period,
    join_phrases,
    shorten,
)
from knowledge.checklist import (
    UNCLEAR,
    Answers,
    Because,
    Checklist,
    Group,
    ListedMaterial,
    Truth,
    pack_answers,
    questions_hash,
)
from knowledge.model import (
    Fact,
    Fee,
    HandIn,
    Limit,
    Note,
    Notice,
    Online,
    Permission,
    Place,
    Question,
    ServicePackage,
    Step,
    Unit,
    is_local,
    is_trusted,
)

MAX_QUESTION_BUTTONS = 5
DEMO_NOTE = "演示，不作办事依据"
SKIP = "直接看全部"
NOT_SURE = "不清楚"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where this person goes: the hall, whether it is open today, and what is announced there."""

    district: str | None
    hall: Place | None
    open_today: bool
    today_word: str
    next_open_on: date
    notices: tuple[Notice, ...]

    @property
    def phone(self) -> str:
        """Return the hall's phone, else 12345."""
        return self.hall.phone if self.hall and self.hall.phone else HOTLINE


@dataclass(frozen=True, slots=True)
class Finish:
    """The latest day of completion if handed in today."""

    due_on: date
    provisional: bool
    item: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What the view of an answer needs besides the checklist."""

    checklist: Checklist
    whereabouts: Whereabouts
    finish: Finish | None
    demo: bool
    at: datetime


def token(verb: str, entry: ServicePackage, answers: Answers, *more: str) -> str:
    """Return a button token that carries the entry, the answers and the questions' hash."""
    parts = (verb, entry.id, pack_answers(entry, answers), questions_hash(entry), *more)
    return ":".join(parts)


def answer_reply(
    facts: AnswerFacts, *, previous: Checklist | None = None, staff: bool = False
) -> Reply:
    """Return the complete answer; with `previous`, what changed is said on top."""
    lines = Lines()
    lines.add(*opening_lines(facts.checklist))
    if previous is not None:
        lines.add(*difference(previous, facts.checklist))
    write_body(lines, facts)
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=answer_buttons(facts, staff=staff),
    )


def write_body(lines: Lines, facts: AnswerFacts) -> None:
    """Write everything below the opening: materials, place, time, fee, steps, traps, sources."""
    checklist = facts.checklist
    if facts.demo:
        lines.add(DEMO_NOTE)
    lines.add(*_situation_lines(checklist))
    write_materials(lines, checklist, facts.whereabouts.phone)
    if checklist.prepare:
        lines.heading("提前想好、备好")
        lines.bullets(_worded(checklist, checklist.prepare))
    write_place(lines, facts)
    write_time(lines, facts)
    write_fee(lines, checklist)
    write_steps(lines, checklist)
    write_notes(lines, checklist)
    write_permissions(lines, checklist)
    write_sources(lines, checklist)


def opening_lines(checklist: Checklist) -> tuple[str, str]:
    """Return the first two lines: whether paper is still needed, and how many to bring."""
    return f"{way_of(checklist)}｜{checklist.entry.name}", count_line(checklist)


def way_of(checklist: Checklist) -> str:
    """Return how far it can be done online, in the fixed words."""
    route = checklist.route
    trusted = route is not None and is_trusted(checklist.entry.source(route.source), route)
    if route is None or not trusted:
        return "办理方式未确认"
    match route.online:
        case Online.FULL:
            return "可全程网办"
        case Online.THEN_WINDOW:
            return f"网办后仍需到窗交 {_papers_after(checklist)} 件"
        case Online.WINDOW:
            return "只能窗口办"
        case None:
            return "办理方式未确认"


def _papers_after(checklist: Checklist) -> int:
    route = checklist.route
    assert route is not None
    required = [m for m in checklist.materials if m.group is Group.REQUIRED and not m.conditional]
    if route.papers_after:
        return len({m.any_of or m.id for m in required if m.id in route.papers_after})
    return len({m.any_of or m.id for m in required if m.hand_in is not HandIn.UPLOAD})


def count_line(checklist: Checklist) -> str:
    """Return 共带 N 件, uploads told apart, and 另有 M 件开封未确认."""
    uploads = {
        m.any_of or m.id
        for m in checklist.materials
        if m.group is Group.REQUIRED
        and not m.conditional
        and not m.optional
        and m.hand_in is HandIn.UPLOAD
    }
    line = f"共带 {checklist.count} 件"
    if uploads:
        line += f"（其中 {len(uploads)} 件上传）"
    if checklist.unconfirmed_count:
        line += f"；另有 {checklist.unconfirmed_count} 件开封未确认"
    return line + ("" if checklist.count else f"。{_nothing_counted(checklist)}")


def _nothing_counted(checklist: Checklist) -> str:
    """Return what a count of nothing means: it must never read as "bring nothing"."""
    if any(m.conditional and m.group is Group.REQUIRED for m in checklist.materials):
        return "要带什么看您的情况，见下面"
    if checklist.materials:
        return f"不是什么都不用带：开封还没确认，去前先打 {HOTLINE} 问"
    return f"这种情况没有查到要交的材料，去前打 {HOTLINE} 核实"


def difference(before: Checklist, after: Checklist) -> tuple[str, ...]:
    """Return what an answer changed, in words; one line where it changed nothing."""
    old = {m.id: m for m in before.materials if not m.conditional}
    new = {m.id: m for m in after.materials if not m.conditional}
    maybe = {m.id for m in after.materials if m.conditional}
    added = [m.name for id_, m in new.items() if id_ not in old]
    removed = [m.name for id_, m in old.items() if id_ not in new]
    dropped = [
        m.name for m in before.materials if m.conditional and m.id not in new and m.id not in maybe
    ]
    told = [
        f"＋ 要带：{'、'.join(added)}" if added else None,
        f"－ 不用了：{'、'.join(removed)}" if removed else None,
        f"－ 与您无关，已去掉：{'、'.join(dropped)}" if dropped else None,
    ]
    return tuple(line for line in told if line) or ("清单没有变化",)


def _situation_lines(checklist: Checklist) -> tuple[str, ...]:
    chosen = [
        words
        for question in checklist.questions
        if (words := answer_phrase(question, checklist.answers)) is not None
    ]
    lines = [f"您的情况：{'；'.join(chosen)}"] if chosen else []
    if checklist.route and checklist.route.text:
        note = _elsewhere(checklist, checklist.route)
        lines.append(f"{end_sentence(checklist.route.text)}{note}")
    elif len(checklist.routes) > 1:
        lines += [f"· {_condition(checklist, r)}{r.text}" for r in checklist.routes if r.text]
    return tuple(lines)


def answer_label(question: Question, answers: Answers) -> str | None:
    """Return the label of the answer given to a question, if any."""
    answer = answers.get(question.id)
    if answer == UNCLEAR:
        return NOT_SURE
    return next((o.label for o in question.options if o.id == answer), None)


def answer_phrase(question: Question, answers: Answers) -> str | None:
    """Return the answer given to a question as a phrase that stands alone, if any."""
    answer = answers.get(question.id)
    if answer == UNCLEAR:
        return f"{question.ask.rstrip('？?。：')}：{NOT_SURE}"
    return next((o.phrase or o.label for o in question.options if o.id == answer), None)


def _condition(checklist: Checklist, fact: Fact) -> str:
    """Return 如果…： for a fact whose condition is open, else nothing."""
    if checklist.truth(fact) is not Truth.OPEN:
        return ""
    parts = [
        join_phrases(
            [
                o.phrase or o.label
                for o in checklist.entry.question(question_id).options
                if o.id in options
            ]
        )
        for question_id, options in fact.when.items()
        if checklist.answers.get(question_id) not in options
    ]
    return f"如果{'，且'.join(parts)}："


def _elsewhere(checklist: Checklist, fact: Fact) -> str:
    """Return the note for a fact that is not Kaifeng's own."""
    source = checklist.entry.source(fact.source)
    if is_trusted(source, fact):
        return ""
    if is_local(source):
        return "（来源不牢靠，以窗口答复为准）"
    return f"（{source.place}的说法，开封未确认，以窗口答复为准）"


def _worded(checklist: Checklist, facts: Sequence[Note]) -> list[str]:
    return _noted(
        checklist,
        [(fact, f"{_condition(checklist, fact)}{fact.text}") for fact in facts],
    )


def write_place(lines: Lines, facts: AnswerFacts) -> None:
    """Write where to go: the places of the matter, the hall, its hours today, notices."""
    checklist, at = facts.checklist, facts.whereabouts
    lines.heading("在哪办")
    for channel in checklist.channels:
        path = f"：{channel.path}" if channel.path else ""
        note = _elsewhere(checklist, channel)
        lines.add(f"· {_condition(checklist, channel)}网上｜{channel.name}{path}{note}")
    for location in checklist.locations:
        words = "，".join(w for w in (location.text, location.window, location.phone) if w)
        if words:
            note = _elsewhere(checklist, location)
            lines.add(f"· {_condition(checklist, location)}窗口｜{words}{note}")
    lines.add(*hall_lines(at))
    if checklist.entry.hotlines:
        lines.add(f"· 咨询电话：{'、'.join(checklist.entry.hotlines)}")


def hall_lines(at: Whereabouts) -> tuple[str, ...]:
    """Return the hall with address, phone, hours and notices; unknown is said as 未登记."""
    if at.hall is None:
        return (f"· 大厅：您还没选区县，点“在哪办”选一下；也可拨 {HOTLINE}",)
    hall = at.hall
    address = hall.address or "地址未登记"
    phone = hall.phone or f"电话未登记，可拨 {HOTLINE}"
    hours = hall.hours.text if hall.hours else f"上班时间未登记，去前先打 {at.phone}"
    today = (
        f"今天{at.today_word}，是上班日"
        if at.open_today
        else f"今天{at.today_word}，不上班，下个上班日 {format_day(at.next_open_on)}"
    )
    lines = [f"· 大厅｜{hall.name}，{address}；{phone}", f"· {hours}；{today}"]
    lines += [f"· 临时通知：{notice.text}" for notice in at.notices]
    return tuple(lines)


def write_time(lines: Lines, facts: AnswerFacts) -> None:
    """Write how long it takes: statutory and promised, and the latest day of completion."""
    checklist = facts.checklist
    lines.heading("多久办好")
    if not checklist.limits:
        lines.add(f"办理时限开封未确认，可拨 {HOTLINE} 问。")
    lines.bullets(
        _noted(
            checklist,
            [(limit, limit_words(checklist, limit)) for limit in checklist.limits],
        )
    )
    if facts.finish:
        lines.add(finish_line(facts.finish))


def _noted(checklist: Checklist, worded: Sequence[tuple[Fact, str]]) -> list[str]:
    """Return facts in words with the note on their place, said once where all share it."""
    notes = [_elsewhere(checklist, fact) for fact, _ in worded]
    if len(worded) > 1 and notes[0] and len(set(notes)) == 1:
        return [f"下面几条：{notes[0].strip('（）')}", *(words for _, words in worded)]
    return [words + note for (_, words), note in zip(worded, notes, strict=True)]


def limit_text(checklist: Checklist, limit: Limit) -> str:
    """Return one limit in words, with the place it holds for where that is not here."""
    return limit_words(checklist, limit) + _elsewhere(checklist, limit)


def limit_words(checklist: Checklist, limit: Limit) -> str:
    """Return one limit in words, without the note on its place."""
    kind = "法定" if limit.kind == "statutory" else "承诺"
    days = f"{kind} {format_days(limit.days, limit.unit)}" if limit.days is not None else ""
    words = "，".join(w for w in (days, limit.text) if w)
    return f"{_condition(checklist, limit)}{_limit_subject(checklist, limit)}{words}"


def _limit_subject(checklist: Checklist, limit: Limit) -> str:
    item = item_name(checklist, limit)
    if item is not None:
        return f"{item}："
    return "整件事：" if len(checklist.entry.items) > 1 else ""


def item_name(checklist: Checklist, limit: Limit) -> str | None:
    """Return the name of the item a limit is of; None for the whole."""
    return next((i.name for i in checklist.entry.items if i.id == limit.item), None)


def finish_line(finish: Finish) -> str:
    """Return 若今天受理，最晚…, with the reservation for years not yet announced."""
    reserve = "（以国务院放假安排为准）" if finish.provisional else ""
    subject = f"“{finish.item}”" if finish.item else ""
    return (
        f"若今天受理，{subject}最晚 {format_day(finish.due_on)}办结{reserve}"
        "（从受理次日起数工作日）"
    )


def finishing_limit(checklist: Checklist) -> Limit | None:
    """Return the limit that gives a finish day: confirmed and in working days.

    That of the whole, else that of the one item which has a confirmed limit. The promise binds
    where there is one (优化营商环境条例 36), else the statutory period.
    """
    confirmed = [
        limit
        for limit in checklist.limits
        if limit.days is not None
        and limit.unit is Unit.WORKING_DAY
        and checklist.truth(limit) is Truth.YES
        and is_trusted(checklist.entry.source(limit.source), limit)
    ]
    whole = [limit for limit in confirmed if limit.item is None]
    one_item = confirmed if len({limit.item for limit in confirmed}) == 1 else []
    meant = whole or one_item
    promised = [limit for limit in meant if limit.kind == "promised"]
    return next(iter(promised or meant), None)


def write_fee(lines: Lines, checklist: Checklist) -> None:
    """Write what it costs; unknown is not free."""
    lines.heading("多少钱")
    if not checklist.fees:
        lines.add(f"收费未登记，以窗口答复为准，可拨 {HOTLINE} 问。")
    lines.bullets(_worded(checklist, checklist.fees))


def fee_text(checklist: Checklist, fee: Fee) -> str:
    """Return one fee in words."""
    return f"{_condition(checklist, fee)}{fee.text}{_elsewhere(checklist, fee)}"


def write_steps(lines: Lines, checklist: Checklist) -> None:
    """Write the steps in order, with waiting times and windows of time."""
    if checklist.steps:
        lines.heading("怎么办")
        worded = [(step, step_words(checklist, step)) for step in checklist.steps]
        told = _noted(checklist, worded)
        if len(told) > len(worded):
            lines.add(told.pop(0))
        lines.numbered(told)


def step_text(checklist: Checklist, step: Step) -> str:
    """Return one step in words, with the note on its place."""
    return step_words(checklist, step) + _elsewhere(checklist, step)


def step_words(checklist: Checklist, step: Step) -> str:
    """Return one step in words."""
    parts = [
        f"{_condition(checklist, step)}{step.text}".rstrip("。"),
        f"在：{step.where}" if step.where else None,
        f"最早：{format_period(step.ahead)}" if step.ahead else None,
        f"最晚：{format_period(step.within)}" if step.within else None,
        f"要等：{format_period(step.wait)}" if step.wait else None,
        f"拿到：{step.gives}" if step.gives else None,
    ]
    return "；".join(p for p in parts if p)


def write_notes(lines: Lines, checklist: Checklist) -> None:
    """Write results, conditions and common traps."""
    for heading, facts in (
        ("办下来拿到", checklist.results),
        ("要符合", checklist.conditions),
        ("这样办不了", checklist.not_supported),
        ("常见的坑", checklist.traps),
    ):
        if facts:
            lines.heading(heading)
            lines.bullets(_worded(checklist, facts))


def write_permissions(lines: Lines, checklist: Checklist) -> None:
    """Write whether somebody else may go, and whether another place takes it."""
    named = (("别人去办", checklist.entry.agent), ("在别处办", checklist.entry.elsewhere))
    told = [
        f"{subject}：{_may(permission)}{permission.text}{_elsewhere(checklist, permission)}"
        for subject, permission in named
        if permission is not None
    ]
    if told:
        lines.heading("能不能代办、异地办")
        lines.bullets(told)


def _may(permission: Permission) -> str:
    return {True: "可以。", False: "不可以。", None: ""}[permission.allowed]


def write_sources(lines: Lines, checklist: Checklist) -> None:
    """Write the sources of what was shown, each with its place and the day it was checked."""
    entry = checklist.entry
    used = dict.fromkeys(
        fact.source
        for facts in (
            checklist.limits,
            checklist.fees,
            checklist.steps,
            checklist.results,
            checklist.traps,
        )
        for fact in facts
    )
    ids = dict.fromkeys([*(m.source.id for m in checklist.materials), *used])
    lines.heading("依据和来源")
    if entry.legal_basis:
        lines.add("依据：" + "；".join(basis.title for basis in entry.legal_basis))
    for source_id in ids:
        source = entry.source(source_id)
        checked = format_full_day(source.checked_on)
        lines.add(f"· {source.place}｜{source.title}（{checked}核对）")


def spoken_summary(facts: AnswerFacts, limit: int = 120) -> str:
    """Return what a clerk reads aloud: at most `limit` characters, no name cut in the middle."""
    checklist = facts.checklist
    question = checklist.first_question()
    required = _spoken_names(checklist, Group.REQUIRED)
    elsewhere = _spoken_names(checklist, Group.ELSEWHERE)
    head = f"{checklist.entry.short_name}，{way_of(checklist)}"
    tail = f"。今天受理最晚{format_day(facts.finish.due_on)}" if facts.finish else ""
    if question is not None:
        tail = f"。先问：{shorten(question.ask, 30)}"
    if required or not elsewhere:
        head += f"，共带 {checklist.count} 件"
        return _read_aloud(head, required, f"{tail}。", limit)
    return _read_aloud(
        f"{head}，开封没确认；别处一般要", elsewhere, f"{tail}，先打{HOTLINE}问清。", limit
    )


def _spoken_names(checklist: Checklist, group: Group) -> list[str]:
    """Return short names of what everyone with these answers brings, each once."""
    names = [
        m.name.split("（")[0]
        for m in checklist.materials
        if m.group is group and not m.conditional and not m.optional
    ]
    return list(dict.fromkeys(shorten(name, 14) for name in names))


def _read_aloud(head: str, names: Sequence[str], tail: str, limit: int) -> str:
    """Put as many names between head and tail as fit, and say how many there are."""
    for count in range(len(names), 0, -1):
        more = "" if count == len(names) else f"等{len(names)}样，单子上有"
        text = f"{head}：{'、'.join(names[:count])}{more}{tail}"
        if len(text) <= limit:
            return text
    return shorten(f"{head}{tail}", limit)


def answer_buttons(facts: AnswerFacts, *, staff: bool) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons under a list: what still refines it, then what to do with it."""
    checklist = facts.checklist
    entry, answers = checklist.entry, checklist.answers
    questions = checklist.live_questions[:MAX_QUESTION_BUTTONS]
    rows = [(question_button(entry, answers, question),) for question in questions]
    have = Button("我有这些", token("have", entry, answers, "0"))
    edit = Button("改条件", token("edit", entry, answers))
    where = Button("在哪办", token("where", entry, answers))
    slip = Button("告知单", token("slip", entry, answers))
    wrong = Button("这条不对", token("wrong", entry, answers))
    human = Button("转人工", "human")
    tail: list[tuple[Button, ...]] = [
        (have, edit) if entry.questions else (have,),
        (where, slip),
        (wrong, human),
    ]
    if facts.finish:
        tail.insert(0, (Button("为什么是这天", token("why", entry, answers)),))
    if staff:
        tail.insert(0, (Button("给群众", token("give", entry, answers)), slip))
        tail[-2] = (where,)
    return (*rows, *tail)


def question_button(entry: ServicePackage, answers: Answers, question: Question) -> Button:
    """Return the button that asks a question."""
    index = [q.id for q in entry.questions].index(question.id)
    return Button(shorten(question.ask, 30), token("q", entry, answers, str(index)))


__all__ = [
    "AnswerFacts",
    "Because",
    "Finish",
    "ListedMaterial",
    "Whereabouts",
    "answer_reply",
    "form_of",
    "spoken_summary",
    "token",
]
