"""转人工: the desk's phone and hours, messages left, and the inbox of those who answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from bot.dialogue import Button, Reply
from bot.records.enquiries import Enquiry
from bot.records.messages import Message
from bot.settings import HumanSettings
from bot.views.due_days import HOW, PROVISIONAL, days_table, why_button
from bot.views.text import HOTLINE, Lines, format_day, format_moment, shorten
from reminders.working_days import Explanation

MENU = Button("菜单", "menu")


def offer_reply(
    human: HumanSettings, *, open_now: bool, opens_on: date, phone: str | None
) -> Reply:
    """Show how to reach a person, when, and offer to leave a message."""
    lines = Lines()
    known = human.phone or phone
    lines.add(f"{human.desk}电话：{known}" if known else f"人工电话：{HOTLINE}（市民热线）")
    hours = f"工作日 {human.opens}-{human.closes}"
    lines.add(
        f"{hours}，现在有人。"
        if open_now
        else f"{hours}，现在没人；{format_day(opens_on)} {human.opens} 上班。"
    )
    lines.add(f"也可以留言，{human.due_working_days} 个工作日内回复；着急打 {HOTLINE}。")
    return Reply(lines.text, buttons=((Button("留言", "note"),), (MENU,)))


def ask_note_reply() -> Reply:
    """Ask for the message."""
    return Reply(
        "请写下您的问题（10 分钟内），别写身份证号、电话。回复会发在这里。不写就点取消。",
        buttons=((Button("取消", "menu"),),),
    )


def note_taken_reply(enquiry: Enquiry) -> Reply:
    """Confirm a message with its number and when it is answered."""
    return Reply(
        f"留言收到了，编号 {enquiry.number}，{format_day(enquiry.due_on)}前回复，"
        f"回复就发在这里。发“查留言 {enquiry.number}”看进度。",
        buttons=((_why(enquiry.number), MENU),),
    )


def status_reply(enquiry: Enquiry) -> Reply:
    """Show date and state of a message, nothing of its words."""
    state = (
        f"已于 {format_moment(enquiry.answered_at)} 回复"
        if enquiry.answered_at
        else f"等待回复，{format_day(enquiry.due_on)}前"
    )
    why = [] if enquiry.answered_at else [_why(enquiry.number)]
    return Reply(
        f"{enquiry.number}：{format_moment(enquiry.made_at)} 收到，{state}。",
        buttons=((*why, MENU),),
    )


def _why(number: str) -> Button:
    return why_button(f"notewhy:{number}")


def why_reply(enquiry: Enquiry, explanation: Explanation, days: int) -> Reply:
    """Answer 为什么是这天 for the day by which a message is answered."""
    reserve = PROVISIONAL if explanation.provisional else ""
    return Reply(
        f"{format_day(enquiry.made_at.date())}收到留言，{days} 个工作日内回复，"
        f"{format_day(enquiry.due_on)}前{reserve}。{HOW}",
        table=days_table(explanation),
        buttons=((MENU,),),
    )


def inbox_reply(enquiries: Sequence[Enquiry], today: date) -> Reply:
    """List the messages that wait, the oldest first."""
    if not enquiries:
        return Reply("留言箱是空的。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"待回复留言 {len(enquiries)} 条：")
    for enquiry in enquiries[:20]:
        late = "（已过期）" if enquiry.due_on < today else ""
        lines.add(f"· {enquiry.number[-6:]}｜{format_day(enquiry.due_on)}前{late}")
    rows = [(Button(f"看 {e.number[-6:]}", f"read:{e.number}"),) for e in enquiries[:20]]
    return Reply(lines.text, buttons=(*rows, (MENU,)))


def enquiry_reply(enquiry: Enquiry, spoken: Sequence[Message], *, discreet: bool) -> Reply:
    """Show one message with the conversation that led to it."""
    if discreet:
        return Reply(
            f"留言 {enquiry.number[-6:]}，{format_day(enquiry.due_on)}前回复。"
            "留言内容不经 Telegram 传送，请在网页上查看和回复。",
            buttons=((_why(enquiry.number), MENU),),
        )
    lines = Lines()
    lines.add(f"留言 {enquiry.number}（{format_moment(enquiry.made_at)}）：", enquiry.text)
    if spoken:
        lines.heading("之前的对话")
        for message in spoken:
            who = "群众" if message.direction == "in" else "小助手"
            lines.add(f"{who} {message.at:%H:%M}：{shorten(message.text or '', 120)}")
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=(
            (Button("回复", f"reply:{enquiry.number}"),),
            (_why(enquiry.number), Button("留言箱", "inbox")),
        ),
    )


def ask_answer_reply(enquiry: Enquiry) -> Reply:
    """Ask for the answer to a message."""
    return Reply(
        f"请写给 {enquiry.number[-6:]} 的回复（10 分钟内），写完直接发到对方的对话里。",
        buttons=((Button("取消", "menu"),),),
    )


def answer_sent_reply(enquiry: Enquiry) -> Reply:
    """Confirm that an answer is on its way."""
    return Reply(f"已回复 {enquiry.number[-6:]}。", buttons=((Button("留言箱", "inbox"),),))


def answer_to_citizen_reply(number: str, answer: str) -> Reply:
    """Give the citizen the answer to their message, in the same thread."""
    return Reply(
        f"您的留言 {number} 有回复了：\n{answer}", buttons=((MENU, Button("转人工", "human")),)
    )


def new_note_reply(number: str, due_on: date) -> Reply:
    """Tell a lead that a message waits."""
    return Reply(
        f"新留言 {number[-6:]}，{format_day(due_on)}前回复。",
        buttons=((Button("看留言", f"read:{number}"), _why(number)),),
    )


def is_open(now: datetime, human: HumanSettings, *, working_day: bool) -> bool:
    """Tell whether the desk is staffed now."""
    return working_day and human.opens <= f"{now:%H:%M}" < human.closes
