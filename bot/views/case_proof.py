"""The proof of a case (提醒记录): who was told what and when, and everything that happened.

On a discreet channel people stand there by their role, and nothing that was written by hand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from bot.dialogue import Button, Person, Reply, Role
from bot.reports.oversight import Proof, Told
from bot.views.case_clock import procedure_words
from bot.views.cases import (
    KIND_WORDS,
    MENU,
    Viewer,
    act_words,
    case_words,
    cause_words,
    decline_words,
    person_words,
)
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines, format_day, format_moment
from reminders.acts import Act, Decision, DeclineReason
from reminders.case_events import CaseEvent
from reminders.notices import NO_REMINDERS
from reminders.overdue import person_of_key

EVENT_WORDS = {
    "accepted": "首次导入",
    "completed": "办结",
    "import_updated": "导入更新",
    "import_closed": "导入显示办结",
    "suspended": "挂起",
    "resumed": "恢复计时",
    "papers_asked": "要求补正",
    "papers_arrived": "补正材料收齐",
    "papers_unconfirmed": "平台未见补正，恢复计时",
    "extended": "延期",
    "acknowledged": "签收，答应办结日",
    "said_done": "称已办结，等数据",
    "offered": "转办，待接收",
    "taken_over": "接收",
    "moved": "轮岗移交",
    "reported_wrong": "称数据有误",
    "missing": "导入文件里没有了",
    "cause_given": "说明原因",
    "due_moved": "放假安排公布，到期日改为",
}
FAILURE_WORDS = {
    "lapsed": "过时未发",
    "unreachable": "送不到",
    "nobody": "没有人担任",
    "unknown": "不知是否送到",
}

SIGNERS = frozenset({Role.CLERK, Role.LEAD})
"""Who is offered to sign for a reminder (签收); of others it cannot be said that they did not."""


def proof_reply(proof: Proof, known: Mapping[int, Person], viewer: Viewer) -> Reply:
    """Show when each reminder was decided, sent and acknowledged, and what else happened.

    On a discreet channel people stand there by their role.
    """
    names = {i: person_words(person, viewer) for i, person in known.items()}
    signers = {i for i, person in known.items() if person.role in SIGNERS}
    lines = Lines()
    lines.add(f"提醒记录：{case_words(proof.case, discreet=viewer.discreet)}")
    lines.heading(f"提醒 {len(proof.told)} 条")
    lines.bullets(told_words(t, names, signers) for t in proof.told)
    if proof.acts:
        lines.heading("督办、通报")
        lines.bullets(act_line(a, names, viewer) for a in proof.acts)
    lines.heading("经过")
    lines.bullets(_event_words(e, names, viewer) for e in proof.events)
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=((Button("回到这件", f"case:{proof.case.id}"), MENU),),
    )


def recipient_words(key: str, names: Mapping[int, str]) -> str:
    """Name a recipient: a person, or a role and its place."""
    person_id = person_of_key(key)
    if person_id is not None:
        return names.get(person_id, "已不在册的人")
    role, _, place = key.partition("@")
    where = "·".join(part for part in place.split("/") if part)
    return f"{ROLE_NAMES[Role(role)]}（{where or '全市'}）"


def told_words(told: Told, names: Mapping[int, str], signers: Collection[int]) -> str:
    """Say of one reminder when it was decided, sent and acknowledged."""
    who = names.get(told.person_id or 0) or recipient_words(told.recipient, names)
    parts = [f"{KIND_WORDS[told.kind]} → {who}：{format_moment(told.decided_at)} 生成"]
    if told.sent_at is not None:
        parts.append(f"{format_moment(told.sent_at)} 送达")
    elif told.failed_at is not None:
        parts.append(f"没送到（{FAILURE_WORDS.get(told.failure or '', told.failure)}）")
    else:
        parts.append("还没送出")
    if told.acknowledged_at is not None:
        parts.append(f"{format_moment(told.acknowledged_at)} 签收")
    elif told.person_id in signers and told.kind not in NO_REMINDERS:
        parts.append("未签收")
    return "，".join(parts)


def act_line(act: Act, names: Mapping[int, str], viewer: Viewer) -> str:
    """Say of one act when it was drafted, and who decided what."""
    drafted = f"{act_words(act)}：{format_moment(act.drafted_at)} 拟稿"
    if act.decided_at is None:
        return f"{drafted}，待签发"
    who = names.get(act.decided_by or 0, "")
    at = format_moment(act.decided_at)
    match act.decision:
        case Decision.RELEASED:
            return f"{drafted}，{at} {who}签发"
        case Decision.DECLINED:
            reason = act.reason or ""
            own = viewer.discreet and reason not in set(DeclineReason)
            return f"{drafted}，{at} {who}不签发：{'原因看网页' if own else decline_words(reason)}"
        case _:
            return f"{drafted}，{at} 已办结，作废"


def _event_words(event: CaseEvent, names: Mapping[int, str], viewer: Viewer) -> str:
    who = f"（{names[event.by_person_id or 0]}）" if event.by_person_id in names else ""
    what = EVENT_WORDS.get(event.kind, event.kind)
    day = event.facts.get("to" if event.kind == "due_moved" else "done_by_on")
    named = f" {format_day(date.fromisoformat(day))}" if day else ""
    details = "" if viewer.discreet else event_details(event)
    return f"{format_moment(event.at)} {what}{named}{details}{who}"


def event_details(event: CaseEvent) -> str:
    """Say on what ground a clock was stopped or a limit extended, and since or until when."""
    facts = event.facts
    match event.kind:
        case "suspended":
            since = format_day(date.fromisoformat(facts["begins_on"]))
            ground = procedure_words(facts["reason"])
            document = f"，文书：{facts['document']}" if facts["document"] else ""
            return f"：{since}起，{ground}{document}"
        case "resumed":
            return f"：停表到 {format_day(date.fromisoformat(facts['ends_on']))}"
        case "extended":
            return (
                f" {facts['days']} 个工作日：批准人 {facts['approver']}，理由 {facts['reason']}，"
                f"告知凭据 {facts['proof']}"
            )
        case "cause_given":
            words = facts.get("words")
            return f"：{cause_words(facts['cause'])}" + (f"（{words}）" if words else "")
    return ""
