"""Binding codes and roles in words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import Button, Channel, Person, Picture, Reply, Role
from bot.records.people import BindingCode
from bot.records.roster import Member
from bot.views.places import scope_words
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines, format_moment
from knowledge.model import KnowledgeBase

MENU = Button("菜单", "menu")
BOARD = Button("看板", "do:board")
BOARD_ROLES = frozenset({Role.LEAD, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
MOST_UNBOUND = 10
CHANNEL_NAMES = {Channel.TELEGRAM: "Telegram", Channel.WEB: "网页"}


def bound_reply(base: KnowledgeBase, person: Person) -> Reply:
    """Confirm the role somebody now holds."""
    where = scope_words(base, person.scope)
    return Reply(
        f"绑定好了：{ROLE_NAMES[person.role]}（{where}）。发“菜单”看能做什么。",
        buttons=((MENU, BOARD) if person.role in BOARD_ROLES else (MENU,),),
    )


def own_code_reply(code: BindingCode, link: str | None) -> Reply:
    """Hand somebody the code by which they come in on the page as well."""
    where = f"在电脑或手机浏览器里打开：{link}" if link else f"在网页对话里发：绑定 {code.code}"
    return Reply(
        f"给您自己在网页上用的绑定码，{format_moment(code.expires_at)}前有效，只能用一次，别转给别人。\n"
        f"{where}\n绑定后两边是同一个人。",
        buttons=((MENU,),),
    )


def leave_reply(channel: Channel) -> Reply:
    """Ask whether to end the session; a new code is needed to come back."""
    where = "网页上的登录（所有浏览器）" if channel is Channel.WEB else "这里的绑定"
    return Reply(
        f"要解除{where}吗？再进来要新的绑定码。",
        buttons=((Button("确定退出", "unbind:yes"), Button("不退", "menu")),),
    )


def left_reply(*, stays: bool) -> Reply:
    """Confirm that the session has ended, and say what is left."""
    rest = (
        "您在另一处的绑定不变。"
        if stays
        else "您的工作人员身份也解除了，要用请找发码的人要新的绑定码。"
    )
    return Reply(f"已退出。{rest}")


def choose_code_reply(roles: Sequence[Role], unbound: Sequence[Member]) -> Reply:
    """Offer codes for colleagues on the roster by name, and for anybody else by role."""
    lines = Lines()
    lines.add("给谁发绑定码？绑定码只能用一次，7 天内有效。")
    if unbound:
        lines.add(f"花名册上还没绑定的 {len(unbound)} 人：")
    rows = [
        (Button(f"{m.name}（{m.number}，{ROLE_NAMES[m.role]}）", f"codeof:{m.key}"),)
        for m in unbound[:MOST_UNBOUND]
    ]
    if len(unbound) > MOST_UNBOUND:
        lines.add(
            f"下面先列 {MOST_UNBOUND} 人，绑定了就换下一批；一次打印整个单位的，请管理员运行："
            "python -m bot people codes --unit 单位"
        )
    rows += [(Button(f"给{ROLE_NAMES[role]}", f"code:{role.value}"),) for role in roles]
    return Reply(lines.text, buttons=(*rows, (MENU,)))


def unreachable_reply(
    base: KnowledgeBase,
    person: Person,
    lost: Channel,
    left: Sequence[Channel],
    *,
    discreet: bool,
) -> Reply:
    """Tell who answers for somebody that a channel no longer reaches them, and what to do."""
    where = scope_words(base, person.scope)
    name = "" if discreet or not person.name else person.name
    lines = (
        f"{where}的{ROLE_NAMES[person.role]}{name}在 {CHANNEL_NAMES.get(lost, lost)} 上收不到消息了"
    )
    lines += "（可能屏蔽了机器人）。"
    if left:
        ways = "、".join(CHANNEL_NAMES.get(channel, channel) for channel in left)
        lines += f"提醒改送到{ways}，请让本人去看。"
    else:
        lines += "没有别的收法，本人名下的办件改为提醒您；请让本人解除屏蔽，或发绑定码重新绑定。"
    return Reply(lines, buttons=((MENU,),))


def code_reply(base: KnowledgeBase, code: BindingCode, link: str | None, qr: bytes | None) -> Reply:
    """Hand over a code."""
    whom = f"{code.name}，" if code.name else ""
    text = (
        f"绑定码 {code.code}（{whom}{ROLE_NAMES[code.role]}，{scope_words(base, code.scope)}），"
        f"{format_moment(code.expires_at)}前有效，只能用一次。\n"
        f"让对方发：绑定 {code.code}"
    )
    if link:
        text += f"\n或打开：{link}"
    return Reply(text, picture=Picture(qr, "绑定二维码") if qr else None, buttons=((MENU,),))
