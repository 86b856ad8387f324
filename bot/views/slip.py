"""The slip (一次性告知单): the whole list on paper, a link, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialogue import Button, Document, Picture, Reply
from bot.records.slips import Slip
from bot.views.answer import AnswerFacts, opening_lines, token, write_body
from bot.views.text import HOTLINE, Lines, format_full_day

TITLE = "办事材料一次性告知单（咨询用）"
FOOT = (
    "供办事准备，不是受理、补正或不予受理通知。",
    f"窗口要求清单以外的材料，可找“办不成事”窗口或 {HOTLINE}。",
)


@dataclass(frozen=True, slots=True)
class SlipPage:
    """What a slip's page shows; no identity in it."""

    title: str
    number: str
    reply: Reply
    foot: tuple[str, ...]
    qr_png: bytes | None


def slip_text(slip: Slip, facts: AnswerFacts, organiser: str, changed: Sequence[str]) -> Lines:
    """Write the slip: head, what has changed since, the list, foot."""
    lines = Lines()
    lines.add(
        TITLE,
        f"编号 {slip.number}｜{format_full_day(slip.made_at.date())}｜{organiser}",
        f"知识版本 {slip.knowledge_version}",
    )
    if changed:
        lines.heading("出单以后有变化，以窗口和最新清单为准")
        lines.bullets(changed)
    lines.add("", *opening_lines(facts.checklist))
    write_body(lines, facts)
    lines.add("", *FOOT)
    return lines


def slip_made_reply(
    slip: Slip, facts: AnswerFacts, link: str | None, document: Document | None
) -> Reply:
    """Hand over the slip: number, link and a printable document."""
    lines = Lines()
    lines.add(
        f"告知单好了，编号 {slip.number}：{facts.checklist.entry.name}。",
        "链接可以发给家人，打开就是这份清单，里面没有您的姓名电话。" if link else None,
        f"以后发“查告知单 {slip.number}”，能看到当时的清单和之后的变化。",
    )
    rows: list[tuple[Button, ...]] = []
    if link:
        rows.append((Button("打开告知单", url=link),))
    back = token("list", facts.checklist.entry, facts.checklist.answers)
    rows.append((Button("回到清单", back),))
    return Reply(lines.text, buttons=tuple(rows), document=document)


def given_reply(slip: Slip, picture: bytes | None, link: str | None) -> Reply:
    """Give a clerk the QR code that opens this very list on the citizen's phone."""
    text = f"请群众扫码，打开的就是这份清单（编号 {slip.number}），看完可以评价。"
    if link:
        text += f"\n{link}"
    shown = Picture(picture, f"告知单 {slip.number} 的二维码") if picture else None
    return Reply(text, picture=shown)


def slip_opened_reply(lines: Lines, facts: AnswerFacts, link: str | None) -> Reply:
    """Show a slip in the chat."""
    rows: list[tuple[Button, ...]] = []
    if link:
        rows.append((Button("打开告知单", url=link),))
    fresh = token("list", facts.checklist.entry, {})
    rows.append((Button("按最新内容重新看", fresh), Button("转人工", "human")))
    return Reply(lines.text, headings=lines.headings, buttons=tuple(rows))
