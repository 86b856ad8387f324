"""Acts of the office (督办, 通报) that wait for a named supervisor: about cases and 差评整改."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.dialogue import Button, Person, Recipient, Reply
from bot.views.cases import (
    DECLINE_WORDS,
    OWN_WORDS,
    act_words,
    as_of_words,
    decline_words,
)
from bot.views.pages import page_of, page_words
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines
from reminders.acts import Act, DeclineReason

MENU = Button("菜单", "menu")


@dataclass(frozen=True, slots=True)
class ActSubject:
    """What an act is about, in words: its number's tail, how it stands, where its proof is."""

    tail: str
    named: str
    unit: str
    standing: str
    proof_token: str
    overdue_days: int
    going_on: bool
    provisional: bool


def acts_reply(
    waiting: Sequence[tuple[Act, ActSubject]], page: int, as_of: datetime | None, *, stale: bool
) -> Reply:
    """List the drafts that wait for release by pages, each with the proof and both answers."""
    if not waiting:
        return Reply("没有待签发的督办、通报。", buttons=((MENU,),))
    lines = Lines()
    if any(act.case_id is not None for act, _ in waiting):
        lines.add(as_of_words(as_of, stale=stale))
    shown, turns = page_of(waiting, page, "acts")
    lines.add(
        f"待签发 {len(waiting)} 件{page_words(waiting, page)}：签发后才发出；不签发要写明原因。"
    )
    lines.numbered(
        f"{act_words(act)}｜{about.named}｜{about.unit}｜{about.standing}" for act, about in shown
    )
    rows = [
        (
            Button(f"签发 {about.tail}", f"release:{act.id}"),
            Button(f"不签发 {about.tail}", f"decline:{act.id}"),
            Button(f"提醒记录 {about.tail}", about.proof_token),
        )
        for act, about in shown
    ]
    return Reply(lines.text, buttons=(*rows, *turns, (MENU,)))


def released_reply(act: Act, about: ActSubject, told: Sequence[Recipient], signer: Person) -> Reply:
    """Confirm a release: to how many people it goes, which post nobody holds, who signed."""
    reached = sum(recipient.person_id is not None for recipient in told)
    nobody = dict.fromkeys(ROLE_NAMES[r.role] for r in told if r.role is not None)
    missing = f"没有人绑定、送不到：{'、'.join(nobody)}。" if nobody else ""
    return Reply(
        f"已签发{act_words(act)}，尾号 {about.tail}，发给 {reached} 人。{missing}"
        + ("" if signer.name else _unnamed(signer)),
        buttons=((Button("待签发", "acts"), MENU),),
    )


def _unnamed(signer: Person) -> str:
    """Say under what a release stands whose signer was bound without a name (2.3)."""
    return (
        f"\n您绑定时没有写姓名，这次署名是“{ROLE_NAMES[signer.role]}（账号 {signer.id}）”；"
        "请管理员按您的姓名发一个绑定码，以后签发就有姓名。"
    )


def ask_decline_reply(act: Act, about: ActSubject) -> Reply:
    """Ask why an act is not released."""
    rows = [
        (Button(DECLINE_WORDS[reason], f"decline:{act.id}:{reason.value}"),)
        for reason in DeclineReason
    ]
    rows.append((Button("自己写", f"decline:{act.id}:{OWN_WORDS}"),))
    return Reply(f"尾号 {about.tail} 不签发{act_words(act)}，原因是？", buttons=tuple(rows))


def ask_own_decline_reply(act: Act, about: ActSubject) -> Reply:
    """Ask for the reason in the supervisor's own words."""
    return Reply(
        f"尾号 {about.tail} 为什么不签发{act_words(act)}？请写一句话，会记进提醒记录；"
        "不要写姓名、电话。",
        buttons=((Button("不写了", "acts"),),),
    )


def declined_reply(act: Act, about: ActSubject, reason: str) -> Reply:
    """Confirm that an act was declined."""
    return Reply(
        f"不签发{act_words(act)}，尾号 {about.tail}，原因：{decline_words(reason)}。",
        buttons=((Button("待签发", "acts"), MENU),),
    )
