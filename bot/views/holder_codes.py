"""提醒码 in words: asking for a number, what was found, and the code to pass on."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import Button, Picture, Reply, Scope
from bot.records.redaction import mask_name
from bot.reports.certificates import Shown, Silence
from bot.views.certificates import (
    MENU,
    WITH_BUTTONS,
    Viewer,
    renewal_line,
    silence_line,
    standing_line,
    title,
)
from bot.views.places import scope_words
from bot.views.text import Lines, format_moment, shorten
from knowledge.model import KnowledgeBase
from reminders.certificate_holders import OptInCode, number_tail

AGAIN = Button("再找一张", "do:remindcode")
SOME_CERTIFICATE = "证照"
LONGEST_PERSONS_NAME = 4


def ask_number_reply(minutes: int) -> Reply:
    """Ask for which certificate a code is wanted."""
    return Reply(
        f"给哪张证照的持证人发提醒码？请照着证照，发编号，或编号后 4 位。（{minutes} 分钟内）",
        buttons=((Button("取消", "menu"),),),
    )


def not_found_reply(typed: str, base: KnowledgeBase, scope: Scope) -> Reply:
    """Say that no certificate within the scope has this number or tail."""
    return Reply(
        f"没找到编号或后 4 位是“{shorten(typed, 30)}”的证照（只查{scope_words(base, scope)}）。"
        "请照着证照核对，至少发后 4 位；刚办的证可能还没导入。",
        buttons=((AGAIN, MENU),),
    )


def several_reply(listed: Sequence[Shown], viewer: Viewer, *, verb: str) -> Reply:
    """Let one of several certificates with the same tail be chosen."""
    lines = Lines()
    lines.heading("后 4 位相同的不止一张，是哪张？")
    rows = []
    for shown in listed[:WITH_BUTTONS]:
        lines.add(f"· {_found_line(shown, viewer)}")
        label = f"看 {number_tail(shown.certificate.number)} {shown.name[:12]}"
        rows.append((Button(label, f"{verb}:{shown.certificate.id}"),))
    if len(listed) > WITH_BUTTONS:
        lines.add("还有更多，请发完整编号。")
    return Reply(lines.text, headings=lines.headings, buttons=(*rows, (AGAIN, MENU)))


def card_at_window_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Show a window what it needs to compare with the paper, and offer the code."""
    lines = Lines()
    lines.add(_found_line(shown, viewer), renewal_line(shown))
    if shown.silence is not None:
        lines.add(silence_line(shown))
    lines.add("请核对对方手里的证照，是本人再发码。")
    code = Button("给持证人发提醒码", f"certcode:{shown.certificate.id}")
    return Reply(lines.text, buttons=((code,), (AGAIN, MENU)))


def _found_line(shown: Shown, viewer: Viewer) -> str:
    where = shown.certificate.district or "市直"
    holder = "" if viewer.discreet else f"，{_holder(shown.certificate.holder)}"
    return f"{title(shown)}，{where}{holder}：{standing_line(shown, viewer.palette)}"


def _holder(name: str) -> str:
    """Return a firm's name, which is open, and a person's as the surname alone."""
    return mask_name(name) if len(name) <= LONGEST_PERSONS_NAME else name


def code_reply(
    shown: Shown,
    code: OptInCode,
    links: Sequence[str],
    qr: bytes | None,
    *,
    kind: str,
    back: Button,
) -> Reply:
    """Hand over a code by which the holder opts in, and words that may be passed on to them.

    The number's tail is not among those words: who has the message alone must not be able to opt
    in. `kind` is what may be said of the certificate.
    """
    lines = Lines()
    lines.add(
        f"提醒码 {code.code}（{title(shown)}，{format_moment(code.expires_at)}前有效，用一次）"
    )
    if shown.silence is not None:
        lines.add(f"先说明：{silence_line(shown)}")
    lines.heading("下面这段可以转给持证人")
    use = "订到期提醒" if shown.silence in (None, Silence.LAPSED) else "在这里看有效期"
    lines.add(f"您的{kind}可以{use}：在对话里发“绑定 {code.code}”，再发证照编号后 4 位。")
    lines.add(*(f"也可以直接打开：{link}" for link in links))
    picture = Picture(qr, "订到期提醒的二维码") if qr else None
    return Reply(lines.text, headings=lines.headings, picture=picture, buttons=((back, MENU),))
