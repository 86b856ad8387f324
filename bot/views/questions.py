"""What is said to a question that is not simply answered: narrowing down, doors, misses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue import Button, Reply
from bot.settings import HumanSettings
from bot.views.text import HOTLINE, Lines, shorten
from knowledge.model import ServicePackage, Signpost, SignpostKind

NONE_OF_THESE = "都不是"
HUMAN = Button("转人工", "human")
MENU = Button("菜单", "menu")
_GRIEVANCE = re.compile(
    r"(?:还|非|硬|又|偏|老)(?:是)?(?:要|让|叫|得)(?:我|俺|人)|非要|硬要|凭什么|凭啥|又让|又要|刁难|为难人|"
    r"白跑|跑断腿|跑了[^,，。]{0,3}[趟次回]|[两三四五六七八九十几好]+趟[^,，。]{0,4}(?:了|没|还)|来回跑|"
    r"推来推去|踢皮球|互相推|一会儿要|一次说清|不一次|不给办|卡着不|不是说(?:免|不用)|故意"
)
_RUDE = re.compile(
    r"傻[逼比b叉]|煞笔|沙比|他妈|你妈|妈的|尼玛|特么|卧槽|我靠|我操|日你|滚(?!动|筒)|废物|(?<!建筑)(?<!装修)(?<!生活)垃圾(?=系统|机器|窗口|玩意|东西|服务|部门|[,，!！。]|$)|狗屁|"
    r"放屁|破(?:系统|地方|玩意|机器|程序|单位|部门)|什么玩意|啥玩意|坑爹|神经病|脑残|混蛋|王八|白痴|黑心|不要脸|"
    r"吃屎|去死吧|蠢|fuck|shit|stupid",
    re.IGNORECASE,
)
_SORRY = "让您着急了，对不住。"
_DOORS = (
    "窗口要清单以外的材料，或来回让您跑：可找大厅“办不成事”窗口，"
    f"或打 {HOTLINE}，也可以点“转人工”。"
)


def is_grievance(question: str) -> bool:
    """Tell whether somebody complains about how it went at the window."""
    return _GRIEVANCE.search(question) is not None


def is_rude(question: str) -> bool:
    """Tell whether a question comes with hard words."""
    return _RUDE.search(question) is not None


def apologised(reply: Reply) -> Reply:
    """Put one calm line before an answer; the answer itself is the politest reply."""
    return replace(reply, text=f"{_SORRY}\n{reply.text}")


def with_doors(reply: Reply) -> Reply:
    """Name the doors for a grievance under what is asked back."""
    return replace(reply, text=f"{_SORRY}\n{reply.text}\n{_DOORS}")


def entry_button(entry: ServicePackage) -> Button:
    """Return the button that answers with an entry."""
    return Button(entry.short_name, f"pick:{entry.id}")


def several_reply(entries: Sequence[ServicePackage], parts: Sequence[Reply]) -> Reply:
    """Answer two things asked in one question, each with its list."""
    names = "”和“".join(entry.name for entry in entries)
    return Reply(f"您问了两件事：“{names}”，一件一件说。", then=tuple(parts))


def unsure_reply(entries: Sequence[ServicePackage]) -> Reply:
    """Offer at most three entries and 都不是."""
    rows = [(entry_button(entry),) for entry in entries]
    return Reply(
        "您问的是哪一件？点一下：",
        buttons=(*rows, (Button(NONE_OF_THESE, "none"), HUMAN)),
    )


def ask_again_reply() -> Reply:
    """Ask for other words."""
    return Reply(
        "换个说法再问问：写上要办的事，比如“办退休要啥”“开饭店办照”。"
        f"也可以点转人工，或打 {HOTLINE}。",
        buttons=((HUMAN, MENU),),
    )


def nothing_reply(nearest: Sequence[ServicePackage], gap_id: int | None = None) -> Reply:
    """Say that it was not found, offer the nearest three and the person to turn to.

    With a gap recorded, offer to tell the person once it is answered.
    """
    rows = [(entry_button(entry),) for entry in nearest]
    told = [(Button("有答案了告诉我", f"tellme:{gap_id}"),)] if gap_id is not None else []
    return Reply(
        "这件事我这儿没有现成的清单，已记下来请编辑补充。"
        f"现在就要办：点转人工留言，或打 {HOTLINE}，他们会告诉您找谁。\n是不是下面这几件？",
        buttons=(*rows, *told, (Button(NONE_OF_THESE, "none"), HUMAN)),
    )


def told_later_reply() -> Reply:
    """Confirm to a citizen that they will be told."""
    return Reply("好的，编辑补充好了就在这里告诉您，只发一条。", buttons=((MENU,),))


def to_a_person_reply(nearest: Sequence[ServicePackage]) -> Reply:
    """After a third miss in a row, lead to a person."""
    del nearest
    return Reply(
        "连着几次没答到点上，对不住。点“转人工”留言，窗口的人 1 个工作日内回您；"
        f"着急就打 {HOTLINE}。",
        buttons=((HUMAN,), (MENU,)),
    )


def signpost_reply(signpost: Signpost, human: HumanSettings) -> Reply:
    """Show the right door for what is not ours; crisis lines stand alone."""
    lines = Lines()
    if signpost.phone and signpost.phone not in signpost.answer:
        lines.add(f"{signpost.name}：{signpost.phone}")
    lines.add(signpost.answer)
    if signpost.hours:
        lines.add(f"时间：{signpost.hours}")
    if signpost.kind in (SignpostKind.CRISIS, SignpostKind.EMERGENCY):
        return Reply(lines.text, buttons=((HUMAN,),))
    if signpost.kind is SignpostKind.HUMAN:
        phone = human.phone or HOTLINE
        lines.add(f"{human.desk}电话：{phone}")
        return Reply(lines.text, buttons=((HUMAN,), (MENU,)))
    return Reply(lines.text, buttons=((MENU, HUMAN),))


def with_message_button(reply: Reply) -> Reply:
    """Offer to take the text just answered as the message that was awaited."""
    button = (Button("这是留言", "note:last"),)
    return replace(reply, buttons=(*reply.buttons, button))


def with_question_button(reply: Reply, text: str, token: str) -> Reply:
    """Offer to answer as a question what was taken for somebody's own words."""
    button = (Button(f"我是想问：{shorten(text, 14)}", token),)
    return replace(reply, buttons=(*reply.buttons, button))


def privacy_line(organiser: str, days: int) -> Reply:
    """Say once who runs this and what is kept."""
    return Reply(
        f"由{organiser}提供；只记问答，保存 {days} 天；请勿输入身份证号。",
        buttons=((Button("个人信息怎么用", "privacy"),),),
    )


def unsupported_reply(kind: str) -> Reply:
    """Answer a photo, a sticker, a voice message: please type."""
    return Reply(
        f"{kind}我看不懂，请打字说要办什么事，比如“娃上户口要啥”。",
        buttons=((MENU, HUMAN),),
    )


def followed_by(reply: Reply, later: Reply) -> Reply:
    """Return a reply with one more message after it."""
    return replace(reply, then=(*reply.then, later))
