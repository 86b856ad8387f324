"""Binding codes and roles in words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import Button, Person, Picture, Reply, Role
from bot.records.people import BindingCode
from bot.views.places import scope_words
from bot.views.refusals import ROLE_NAMES
from bot.views.text import format_moment
from knowledge.model import KnowledgeBase

MENU = Button("菜单", "menu")


def bound_reply(base: KnowledgeBase, person: Person) -> Reply:
    """Confirm the role somebody now holds."""
    where = scope_words(base, person.scope)
    return Reply(
        f"绑定好了：{ROLE_NAMES[person.role]}（{where}）。发“菜单”看能做什么。",
        buttons=((MENU,),),
    )


def choose_role_reply(roles: Sequence[Role]) -> Reply:
    """Offer the roles a code may be made for."""
    rows = [(Button(f"给{ROLE_NAMES[role]}", f"code:{role.value}"),) for role in roles]
    return Reply("给谁发绑定码？绑定码只能用一次，7 天内有效。", buttons=(*rows, (MENU,)))


def code_reply(base: KnowledgeBase, code: BindingCode, link: str | None, qr: bytes | None) -> Reply:
    """Hand over a code."""
    text = (
        f"绑定码 {code.code}（{ROLE_NAMES[code.role]}，{scope_words(base, code.scope)}），"
        f"{format_moment(code.expires_at)}前有效，只能用一次。\n"
        f"让对方发：绑定 {code.code}"
    )
    if link:
        text += f"\n或打开：{link}"
    return Reply(text, picture=Picture(qr, "绑定二维码") if qr else None, buttons=((MENU,),))
