"""Rules on questions and conditions: all can be asked, all change something, none leads nowhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import prod

from knowledge.checks.inventory import Inventory
from knowledge.model import Question, ServicePackage, When
from knowledge.positions import Report
from knowledge.problems import meant

MAX_FIRST = 2
MAX_PATHS = 5_000
MAX_EXAMPLES = 3
# A Telegram button carries 64 bytes: `list:<id>:<one character per question>:<hash>`.
TOKEN_BYTES = 64
TOKEN_FRAME = len("list:::") + 8

Answers = Mapping[str, str]


def check_questions(inventory: Inventory, report: Report) -> None:
    """Report conditions on nothing, idle questions and situations without a list."""
    _check_form(inventory, report)
    if _check_conditions(inventory, report):
        _check_effects(inventory, report)
        _check_paths(inventory, report)


def holds(when: When, answers: Answers) -> bool:
    """Tell whether a condition holds for complete answers; unasked questions have none."""
    return all(answers.get(question) in options for question, options in when.items())


def _check_form(inventory: Inventory, report: Report) -> None:
    entry = inventory.entry
    first = [question for question in entry.questions if question.first]
    if len(first) > MAX_FIRST:
        path = ("questions", first[MAX_FIRST].id, "first")
        text = (
            f"先问的题有 {len(first)} 道，最多 {MAX_FIRST} 道：只留决定走哪条路的，其余删去 first"
        )
        report.error(inventory.file, path, text)
    if TOKEN_FRAME + len(entry.id) + len(entry.questions) > TOKEN_BYTES:
        text = "编号和题数太长，按钮放不下（64 字节）：请缩短 id 或合并问题"
        report.error(inventory.file, ("questions",), text)


def _check_conditions(inventory: Inventory, report: Report) -> bool:
    """Report conditions on questions or options that do not exist; tell whether all exist."""
    options = {q.id: {option.id for option in q.options} for q in inventory.entry.questions}
    order = {q.id: place for place, q in enumerate(inventory.entry.questions)}
    sound = True
    for path, piece, when in inventory.conditions:
        for question, wanted in when.items():
            text = None
            if question not in options:
                guess = meant(question, options) or "：请改正，或先在 questions 里写上"
                text = f"条件里的问题“{question}”不存在{guess}"
            elif not wanted:
                text = f"条件“{question}”没有列出选项：请写上，或删掉这一行"
            elif isinstance(piece, Question) and order[question] >= order[piece.id]:
                text = f"条件只能看前面的题：请把“{question}”移到“{piece.id}”前面"
            if text is not None:
                report.error(inventory.file, (*path, question), text)
                sound = False
                continue
            for unknown in set(wanted) - options[question]:
                guess = meant(unknown, options[question])
                text = f"问题“{question}”没有选项“{unknown}”{guess or '：请改正'}"
                report.error(inventory.file, (*path, question, unknown), text)
                sound = False
    return sound


def _check_effects(inventory: Inventory, report: Report) -> None:
    """Report questions whose answer, whatever it is, changes no fact."""
    telling = _telling_questions(inventory)
    for question in inventory.entry.questions:
        if question.id not in telling:
            text = f"问题“{question.id}”怎么答都不改变结果：请删掉，或写进材料、步骤等的 when"
            report.error(inventory.file, ("questions", question.id), text)


def _telling_questions(inventory: Inventory) -> frozenset[str]:
    options = {q.id: {option.id for option in q.options} for q in inventory.entry.questions}
    telling: set[str] = set()
    # A question that only opens an idle question is idle too; those come later in the list.
    for asker in (None, *reversed(inventory.entry.questions)):
        if asker is not None and asker.id not in telling:
            continue
        for _, piece, when in inventory.conditions:
            if (piece is asker) if asker is not None else not isinstance(piece, Question):
                telling |= {q for q, wanted in when.items() if set(wanted) != options[q]}
    return frozenset(telling)


def _check_paths(inventory: Inventory, report: Report) -> None:
    entry = inventory.entry
    steering = {q for question in entry.questions for q in question.when}
    situations = tuple(_situations(entry, steering, MAX_PATHS))
    if len(situations) > MAX_PATHS or _count(entry, steering, situations) > MAX_PATHS:
        text = f"情形组合超过 {MAX_PATHS} 种：请合并问题，或给问题加 when"
        report.error(inventory.file, ("questions",), text)
        return
    _check_reach(inventory, steering, situations, report)
    _check_lists(inventory, steering, report)


def _situations(entry: ServicePackage, asked: Collection[str], limit: int) -> Iterator[Answers]:
    """Yield the reachable answers to some questions, at most one more than the limit."""
    chosen = [question for question in entry.questions if question.id in asked]
    left = limit + 1
    for answers in _answers(chosen, 0, {}):
        yield answers
        left -= 1
        if left == 0:
            return


def _answers(questions: Sequence[Question], at: int, answers: Answers) -> Iterator[Answers]:
    if at == len(questions):
        yield answers
        return
    question = questions[at]
    if not holds(question.when, answers):
        yield from _answers(questions, at + 1, answers)
        return
    for option in question.options:
        yield from _answers(questions, at + 1, {**answers, question.id: option.id})


def _count(entry: ServicePackage, steering: Collection[str], situations: Sequence[Answers]) -> int:
    """Count whole paths: questions that steer no other multiply what the steering ones give."""
    free = [question for question in entry.questions if question.id not in steering]
    return sum(
        prod(len(question.options) for question in free if holds(question.when, answers))
        for answers in situations
    )


def _check_reach(
    inventory: Inventory,
    steering: Collection[str],
    situations: Sequence[Answers],
    report: Report,
) -> None:
    """Report questions that are never asked and conditions that never hold."""
    questions = inventory.entry.questions
    asked = [{q.id for q in questions if holds(q.when, answers)} for answers in situations]
    for path, piece, when in inventory.conditions:
        reached = any(
            all(
                answers.get(q) in wanted if q in steering else q in live
                for q, wanted in when.items()
            )
            for answers, live in zip(situations, asked, strict=True)
        )
        if reached:
            continue
        if isinstance(piece, Question):
            text = f"问题“{piece.id}”永远问不到，它的选项都选不到：请改 when"
        else:
            text = "这个条件永远不成立（前面的题不会同时这样答）：请改 when"
        report.error(inventory.file, path, text)


def _check_lists(inventory: Inventory, steering: Collection[str], report: Report) -> None:
    """Report situations in which nothing would have to be brought."""
    entry = inventory.entry
    if not entry.materials:
        text = "一份材料也没有：知道就补上；真的不用带，请在 editor_notes 里写明依据"
        report.warning(inventory.file, (), text)
        return
    if any(not material.when for material in entry.materials):
        return
    deciding = {*steering} | {q for material in entry.materials for q in material.when}
    bare = [
        answers
        for answers in _situations(entry, deciding, MAX_PATHS)
        if not any(holds(material.when, answers) for material in entry.materials)
    ]
    for answers in bare[:MAX_EXAMPLES]:
        more = f"（这样的情形共 {len(bare)} 种）" if len(bare) > MAX_EXAMPLES else ""
        chosen = _in_words(entry, answers)
        text = f"选“{chosen}”时一份材料也没有{more}：请补上，或在 editor_notes 里写明依据"
        report.warning(inventory.file, ("materials",), text)


def _in_words(entry: ServicePackage, answers: Answers) -> str:
    return "，".join(
        option.label
        for question in entry.questions
        for option in question.options
        if answers.get(question.id) == option.id
    )
