"""Menu, help, privacy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialogue import Button, Channel, Reply, Role
from bot.settings import Settings
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines
from knowledge.model import ServicePackage

TOPICS = (
    ("上户口", "newborn"),
    ("退休", "retire"),
    ("医保", "medical_insurance"),
    ("公积金", "housing_fund_withdraw"),
    ("开饭店", "restaurant"),
)
PER_PAGE = 10
WORK_PER_ROW = 3

HINTS: dict[Role, tuple[str, ...]] = {
    Role.CLERK: ("退休 特殊工种", "查告知单 编号"),
    Role.LEAD: ("退休 特殊工种", "查告知单 编号"),
    Role.DEPARTMENT: ("本月评价",),
    Role.SUPERVISOR: (
        "本周",
        "上月",
        "龙亭区",
        "2月6日评价",
        "差评清单",
        "排名",
        "上户口 本月评价",
    ),
}
"""What else a role may type, beside the words on its buttons."""

COMMON_WORDS = (
    ("菜单", "常办的事"),
    ("取消", "不写了"),
    ("办件进度 编号", "看您的办件到哪一步"),
    ("我的证照", "您订了提醒的证照"),
    ("绑定 提醒码", "订一张证照的到期提醒，码向窗口要"),
    ("退订", "不再收证照到期提醒"),
    ("查留言 编号", "看留言进度"),
    ("查反馈 编号", "看反馈的处理进度"),
    ("查告知单 编号", "再看一次告知单"),
    ("隐私", "个人信息怎么用"),
    ("删除我的数据", "删掉您的问答"),
)

# Offices whose matters people themselves have; until anything was asked, theirs come first.
PEOPLES_OFFICES = frozenset(
    {
        "civil_affairs",
        "disabled_federation",
        "education",
        "health",
        "housing_fund",
        "human_resources",
        "immigration",
        "medical_insurance",
        "natural_resources",
        "public_security",
        "veterans",
    }
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word a member of the staff works with: what it does, and its button's token."""

    word: str
    description: str
    token: str


Work = tuple[Word, ...]


def menu_reply(city: str, role: Role, known: Sequence[str], work: Work) -> Reply:
    """Return the menu: for staff their work on top, then topics in people's words."""
    lines = Lines()
    lines.add(f"我是{city}政务服务小助手“一口清”。说说您要办啥，例如“娃上户口”。")
    if role is not Role.CITIZEN:
        lines.add(f"您现在的身份：{ROLE_NAMES[role]}。您的工作在下面，按一下就行。")
        hints = HINTS.get(role)
        if hints:
            lines.add(f"也可以直接发：{' · '.join(hints)}")
    own = [Button(one.word, one.token) for one in work]
    own_rows = [tuple(own[n : n + WORK_PER_ROW]) for n in range(0, len(own), WORK_PER_ROW)]
    topics = [Button(label, f"pick:{id_}") for label, id_ in TOPICS if id_ in known]
    topics.append(Button("更多", "topics:0"))
    rows = tuple(tuple(topics[n : n + 2]) for n in range(0, len(topics), 2))
    below = (Button("办件进度", "progress"), Button("我的证照", "certs"), Button("转人工", "human"))
    return Reply(lines.text, buttons=(*own_rows, *rows, below))


def topics_reply(entries: Sequence[ServicePackage], page: int) -> Reply:
    """Return one page of everything that can be asked."""
    pages = max(1, -(-len(entries) // PER_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = entries[page * PER_PAGE : (page + 1) * PER_PAGE]
    buttons = [Button(entry.short_name, f"pick:{entry.id}") for entry in shown]
    rows = [tuple(buttons[n : n + 2]) for n in range(0, len(buttons), 2)]
    turns = []
    if page > 0:
        turns.append(Button("上一页", f"topics:{page - 1}"))
    if page < pages - 1:
        turns.append(Button("下一页", f"topics:{page + 1}"))
    if turns:
        rows.append(tuple(turns))
    return Reply(
        f"能答的事（第 {page + 1} 页，共 {pages} 页）。也可以直接打字问。",
        buttons=(*rows, (Button("菜单", "menu"),)),
        replaces=page > 0,
    )


def help_reply(work: Work) -> Reply:
    """Say what can be asked, and how."""
    lines = Lines()
    lines.add("用您自己的话问就行，错字、拼音、家乡话都可以：")
    lines.bullets(
        (
            "娃上户口要啥",
            "退休要几张照片",
            "俺想开个小饭馆，四十平",
            "结婚证要不要带",
            "公积金提取多久到账",
        )
    )
    lines.add("一次说全：要带什么、能后补什么、哪儿办、多久、多少钱。", "也可以发这些词：")
    lines.bullets(f"{one.word}：{one.description}（工作人员）" for one in work)
    lines.bullets(f"{word}：{description}" for word, description in COMMON_WORDS)
    return Reply(lines.text, buttons=((Button("菜单", "menu"), Button("转人工", "human")),))


def privacy_reply(settings: Settings, channel: Channel) -> Reply:
    """Say who keeps what, why, how long, and a person's rights (个人信息保护法 17, 35)."""
    lines = Lines()
    lines.heading("个人信息怎么用")
    privacy = settings.privacy
    lines.bullets(
        (
            f"谁：{settings.organiser}。",
            (
                "存什么：您打的字和我的回答、您在哪个区县或窗口、您的服务反馈。"
                "身份证号、手机号、银行卡号一律先打码再存。"
            ),
            "为什么：答您的问题，改进清单，处理反馈和留言。",
            (
                f"多久：问答 {privacy.chat_days} 天后删除；留言电话在办结 "
                f"{privacy.contact_days_after_close} 天后删除；不带姓名的次数和评价长期保留。"
            ),
            "您的权利：发“删除我的数据”就删；也可以要求查看、更正。",
            f"联系：{privacy.contact}。",
        )
    )
    if channel is Channel.TELEGRAM:
        lines.add("· 提醒：Telegram 的服务器在境外。不想经过境外，请用网页版。")
    return Reply(lines.text, headings=lines.headings, buttons=((Button("菜单", "menu"),),))


def erase_reply() -> Reply:
    """Say what will go and what stays, and ask once more."""
    return Reply(
        "删除后：您的问答记录、地点、写过的话都删掉，和这个账号的联系切断。\n"
        "保留：不带姓名的办事次数和评价档次，用来统计；正在处理的留言只留编号和日期，办结后 "
        "90 天删除。\n确定删除吗？",
        buttons=((Button("确定删除", "erase:yes"), Button("不删了", "menu")),),
    )


def erased_reply(messages: int) -> Reply:
    """Confirm what was deleted."""
    return Reply(f"已删除 {messages} 条问答，和您的联系已切断。以后再问，当作新来的。")


def cancelled_reply() -> Reply:
    """Confirm that nothing is awaited any more."""
    return Reply("好，不写了。要办什么事，直接打字问我。", buttons=((Button("菜单", "menu"),),))


def at_window_reply(where: str) -> Reply:
    """Greet somebody who came by a window's QR code."""
    return Reply(
        f"您在：{where}。说说您要办啥，例如“娃上户口”。",
        buttons=((Button("菜单", "menu"), Button("转人工", "human")),),
    )


def window_unknown_reply() -> Reply:
    """Say that a window's code is not known, and go on without it."""
    return Reply(
        "没认出这个窗口的码，不耽误您问：说说要办啥，例如“娃上户口”。",
        buttons=((Button("菜单", "menu"), Button("转人工", "human")),),
    )
