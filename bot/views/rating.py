"""The invitation to rate, its thank-you, and what it was about. Citizens never see 差评."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.dialogue import Button, Reply
from bot.records.ratings import Rating, Reason, Writing
from bot.views.text import format_day

LEVELS = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}

# Reason tags of the national set for the two lower levels (domain rules 1.2), version 2020,
# split into what the process did and what the window did; the city's own causes come first.
ANSWER_TAGS = {"a1": "没说全", "a2": "看不懂", "a3": "答非所问", "a4": "地址时间不对"}
PROCESS_TAGS = {
    2: {
        "209": "未在承诺时间内办结",
        "211": "承诺网办但无法在线办理",
        "208": "没有提供材料清单",
        "207": "没有提供材料样本",
        "210": "同样内容的证明材料被要求多次提交",
        "212": "在线预约办理后到实体大厅重复取号排队",
    },
    1: {
        "110": "无理由超过法定办理时间",
        "112": "承诺在线收取申报材料实际无法收取",
        "108": "在办事指南之外增加新的审批条件",
        "109": "需提供办事指南之外的申报材料",
        "111": "办事指南提供样本有错",
        "113": "多头跑窗口和部门",
        "114": "跑动次数与承诺的不一致",
    },
}
SERVICE_TAGS = {
    2: {"213": "窗口人员业务不熟练", "214": "服务态度生硬"},
    1: {"115": "服务态度差效率低"},
}
REASON_LABELS = {
    Reason.ANSWER: "小助手的回答",
    Reason.PROCESS: "办事过程",
    Reason.SERVICE: "窗口服务",
}


# The upper three levels' tags are never asked for; they may be chosen.
GOOD_TAGS = {
    5: {
        "510": "一窗受理一次办结",
        "511": "可以先受理后补材料",
        "512": "不用提交证明",
        "513": "可以全程网上办理",
        "514": "可以使用手机办理",
        "515": "可以就近办理",
        "516": "无需材料直接办理",
        "517": "服务热情效率高",
    },
    4: {
        "406": "填写一张表单就可完成申报",
        "407": "在线提交材料窗口核验",
        "408": "一张清单告知全部申报材料",
        "409": "用告知承诺减免申报材料",
        "410": "可以在线预约办理",
        "411": "跑大厅一次办完",
        "412": "可以使用自助机办理",
        "413": "服务态度较好",
    },
    3: {
        "307": "一次性告知需要补正的材料",
        "308": "提供申报材料样本",
        "309": "在承诺的时间内办结",
        "310": "办事指南指引准确",
        "311": "按办事指南要求的材料即可办理",
        "312": "可以快递送达",
        "313": "跑动次数与承诺的一致",
        "314": "服务态度一般",
    },
}
SHOWN_FIRST = 3
EVERY_TAG = "all"


@dataclass(frozen=True, slots=True)
class Tracking:
    """The number under which a complaint is handled, and what is promised by when."""

    number: str
    promises: tuple[str, ...]

    @property
    def line(self) -> str:
        """Return what the citizen reads of it."""
        told = "，".join((*self.promises, "结果发在这里"))
        return f"已编号 {self.number}，{told}；发“查反馈 {self.number}”看进度。"


def tags_for(reason: Reason, level: int) -> dict[str, str]:
    """Return the tags that may be chosen for a reason at a level."""
    match reason:
        case Reason.ANSWER:
            return ANSWER_TAGS
        case Reason.PROCESS:
            return PROCESS_TAGS.get(level, {})
        case Reason.SERVICE:
            return SERVICE_TAGS.get(level, {})


def tag_label(tag: str) -> str | None:
    """Return a tag's words, if it is one of ours."""
    every: Sequence[dict[str, str]] = (
        ANSWER_TAGS,
        *GOOD_TAGS.values(),
        *PROCESS_TAGS.values(),
        *SERVICE_TAGS.values(),
    )
    return next((tags[tag] for tags in every if tag in tags), None)


def _level_buttons(verb: str, interaction_id: int) -> tuple[tuple[Button, ...], ...]:
    return tuple(
        (Button(label, f"{verb}:{interaction_id}:{level}"),) for level, label in LEVELS.items()
    )


def invitation_reply(interaction_id: int) -> Reply:
    """Invite to rate: five levels of equal weight, none chosen beforehand."""
    return Reply("服务反馈：这次答得怎么样？", buttons=_level_buttons("rate", interaction_id))


def again_reply(interaction_id: int) -> Reply:
    """Offer the five levels again after a mis-tap."""
    return Reply(
        "刚才点错了？重新选一个：", buttons=_level_buttons("fix", interaction_id), replaces=True
    )


def late_invitation_reply(interaction_id: int, name: str, on: date) -> Reply:
    """Invite once to rate what was left unrated, neutrally, with a way never to be asked again."""
    return Reply(
        f"{format_day(on)}您问过“{name}”，答得怎么样？愿意的话点一个，不点也行。只问这一次。",
        buttons=(
            *_level_buttons("rate", interaction_id),
            (Button("退订，以后别再邀请", "unsub"),),
        ),
    )


def invitations_refused_reply() -> Reply:
    """Confirm that nobody will invite them again."""
    return Reply("好的，以后不再邀请您评价。问事照常。", buttons=((Button("菜单", "menu"),),))


def thanks_reply(
    rating: Rating,
    official_url: str,
    *,
    may_correct: bool,
    writing: Writing | None,
    tracking: Tracking | None = None,
) -> Reply:
    """Thank for a rating, the same for every level; a low one is asked what it was about."""
    correct = "点错了可以改。" if may_correct else ""
    text = (
        f"您选了“{LEVELS[rating.level]}”{_chosen(rating)}，谢谢您的反馈。{correct}\n"
        "正式评价请在河南政务服务网“好差评”进行，本反馈不计入。"
    )
    if tracking is not None:
        text += f"\n{tracking.line}"
    rows: list[tuple[Button, ...]] = []
    if not rating.is_good and rating.reason is None:
        text += "\n能说说是哪方面吗？"
        rows += _reason_rows(rating, tuple(Reason))
    own: list[Button] = []
    if rating.is_good and len(rating.tags) < len(GOOD_TAGS[rating.level]):
        own.append(Button("选标签（可不选）", f"praise:{rating.interaction_id}"))
    own += writing_buttons(rating.interaction_id, writing)
    if own:
        rows.append(tuple(own))
    if may_correct:
        rows.append((Button("点错了，改", f"rerate:{rating.interaction_id}"),))
    rows.append((Button("去河南政务服务网评价", url=official_url),))
    return Reply(text, buttons=tuple(rows), replaces=True)


def _chosen(rating: Rating) -> str:
    labels = [label for tag in rating.tags if (label := tag_label(tag))]
    return f"（{'、'.join(labels)}）" if labels else ""


def writing_buttons(interaction_id: int, writing: Writing | None) -> tuple[Button, ...]:
    """Offer to write, while anything may be written: first words, then the one addition."""
    labels = {Writing.WORDS: "写几句", Writing.ADDENDUM: "补充一句"}
    return (Button(labels[writing], f"{writing}:{interaction_id}"),) if writing else ()


def _reason_rows(rating: Rating, reasons: Sequence[Reason]) -> list[tuple[Button, ...]]:
    return [
        (Button(REASON_LABELS[reason], f"cause:{rating.interaction_id}:{reason.value}"),)
        for reason in reasons
    ]


def _tag_rows(
    tags: dict[str, str], rating: Rating, verb: str, more: str, *, every: bool
) -> list[tuple[Button, ...]]:
    """Return a button for each tag not chosen yet: three first, the rest on 更多."""
    left = [(tag, label) for tag, label in tags.items() if tag not in rating.tags]
    shown = left if every else left[:SHOWN_FIRST]
    rows: list[tuple[Button, ...]] = [(Button(label, f"{verb}:{tag}"),) for tag, label in shown]
    return rows if len(shown) == len(left) else [*rows, (Button("更多", more),)]


def cause_reply(rating: Rating, reason: Reason, *, every: bool = False) -> Reply:
    """Ask for a tag within a reason; once one is chosen, others and the other reasons too."""
    mine = f"{rating.interaction_id}:{reason.value}"
    tags = tags_for(reason, rating.level)
    rows = _tag_rows(tags, rating, f"tag:{mine}", f"cause:{mine}:{EVERY_TAG}", every=every)
    if rating.tags:
        rows += _reason_rows(rating, [other for other in Reason if other is not reason])
        rows.append((Button("选好了", f"cause:{mine}:done"),))
        text = f"已选{_chosen(rating)}。还有哪一样？可以再选。"
    else:
        text = f"{REASON_LABELS[reason]}：具体是哪一样？选了一样还可以再选。"
    return Reply(text, buttons=tuple(rows), replaces=True)


def praise_reply(rating: Rating, *, every: bool) -> Reply:
    """Offer the tags of a good level, none of them needed."""
    mine = f"praise:{rating.interaction_id}"
    tags = GOOD_TAGS[rating.level]
    rows = _tag_rows(tags, rating, mine, f"{mine}:{EVERY_TAG}", every=every)
    rows.append((Button("选好了", f"{mine}:done"),))
    text = (
        f"已选{_chosen(rating)}。还可以再选。"
        if rating.tags
        else "哪些方面？可以选几样，也可以不选。"
    )
    return Reply(text, buttons=tuple(rows), replaces=True)


def cause_taken_reply(
    rating: Rating,
    official_url: str,
    *,
    may_add_tags: bool,
    writing: Writing | None,
    tracking: Tracking | None = None,
    ask_phone: bool = False,
) -> Reply:
    """Thank for the reason; offer a few words, a phone where it may be written, and to be left.

    A phone is no condition of anything.
    """
    own = writing_buttons(rating.interaction_id, writing)
    if may_add_tags and rating.reason is not None:
        again = f"cause:{rating.interaction_id}:{rating.reason.value}"
        own = (*own, Button("还有别的原因", again))
    rows = [own] if own else []
    if tracking is not None and ask_phone:
        rows.append((Button("留个电话（可不留）", f"phone:{tracking.number}"),))
    if tracking is not None:
        rows.append((Button("不用联系我", f"rquiet:{tracking.number}"),))
    told = f"\n{tracking.line}" if tracking else ""
    labels = "、".join(label for tag in rating.tags if (label := tag_label(tag)))
    return Reply(
        f"您选了“{LEVELS[rating.level]}”，原因：{labels}。已转给负责的人。{told}\n"
        "正式评价请在河南政务服务网“好差评”进行，本反馈不计入。",
        buttons=(*rows, (Button("去河南政务服务网评价", url=official_url),)),
        replaces=True,
    )


def ask_words_reply(writing: Writing, *, stands: bool) -> Reply:
    """Ask for words of one's own; what stands already can only be added to."""
    stood = "原来写的已经转给负责的人，不能再改，可以补充一次。" if stands else ""
    what = "补充" if writing is Writing.ADDENDUM else "写几句"
    return Reply(
        f"{stood}请{what}（10 分钟内，别写身份证号、电话）。不写就点取消。",
        buttons=((Button("取消", "menu"),),),
    )


def words_taken_reply(rating: Rating, writing: Writing | None, hours: int) -> Reply:
    """Thank for the words, and offer the one addition."""
    more = f"{hours} 小时内还可以补充一次。" if writing is Writing.ADDENDUM else ""
    own = writing_buttons(rating.interaction_id, writing if more else None)
    return Reply(f"记下了，谢谢您。{more}", buttons=((*own, Button("菜单", "menu")),))


def addendum_taken_reply() -> Reply:
    """Thank for the addendum, which changes no count."""
    return Reply("补充的话记下了，谢谢您。原来的选择不变。", buttons=((Button("菜单", "menu"),),))
