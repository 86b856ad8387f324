"""差评整改 in words: for those who handle it, for those who oversee it, and for the citizen.

Citizens read 反馈 and 处理, never 差评; staff never read who the citizen is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.dialogue import Button, Person, Recipient, Reply, Role
from bot.records.knowledge_tasks import KnowledgeTask
from bot.records.official_ratings import OfficialRating
from bot.records.ratings import Rating, Reason, Writing
from bot.records.redaction import mask_introduced_names
from bot.reports.oversight import Told
from bot.views.case_proof import act_line, told_words
from bot.views.cases import Viewer, act_title, person_words, reminded_before
from bot.views.places import scope_words
from bot.views.promises import promise_lines
from bot.views.rating import LEVELS, REASON_LABELS, tag_label
from bot.views.refusals import ROLE_NAMES
from bot.views.text import HOTLINE, Lines, format_day, format_moment, shorten
from knowledge.model import KnowledgeBase
from reminders.acts import Act as OfficeAct
from reminders.notices import NoticeKind
from reminders.rectification_rules import Act, Cause, Deadline, Party, Rectification, State, Step
from reminders.rectification_sweep import ToldRectification
from reminders.rectifications import RectificationEvent
from reminders.working_days import Explanation

MENU = Button("菜单", "menu")
MOST_LISTED = 20
MOST_OWN = 10

STATES: Mapping[State, str] = {
    State.NEW: "待核实",
    State.VERIFYING: "核实中",
    State.RECTIFYING: "成立，整改中",
    State.EXPLAINING: "不成立，待解释",
    State.FOLLOW_UP: "待回访",
    State.APPEALED: "申诉，待复核",
    State.ESCALATED: "回访仍不满意，主管单位处理",
    State.CLOSED: "办结",
    State.VOIDED: "复核作废",
    State.MIS_TAP: "误点",
}
CITIZEN_STATES: Mapping[State, str] = {
    State.NEW: "已收到，正在核实",
    State.VERIFYING: "正在核实",
    State.RECTIFYING: "正在改进",
    State.EXPLAINING: "正在准备答复",
    State.FOLLOW_UP: "已处理，等您回话",
    State.APPEALED: "正在复核",
    State.ESCALATED: "主管单位正在处理",
    State.CLOSED: "已办结",
    State.VOIDED: "复核后已结束",
    State.MIS_TAP: "您已更正，不用处理",
}
ACTS: Mapping[Act, str] = {
    Act.CONTACT: "回复群众",
    Act.UPHOLD: "核实：成立",
    Act.DISMISS: "核实：不成立",
    Act.RECTIFY: "整改完成",
    Act.EXPLAIN: "已作解释",
    Act.APPEAL: "申诉",
    Act.MAINTAIN: "复核：维持",
    Act.VOID: "复核：作废",
    Act.SATISFIED: "回访：满意",
    Act.DISSATISFIED: "回访：不满意",
    Act.UNREACHABLE: "回访：联系不上",
    Act.CLOSE: "办结（群众不要求联系）",
    Act.SETTLE: "处理完，办结",
}
ASKS: Mapping[Act, str] = {
    Act.CONTACT: "写给群众的话，会发到对方的对话里。别写身份证号、电话",
    Act.DISMISS: "核实到什么，为什么不成立",
    Act.RECTIFY: "整改了什么。这段话会告诉群众",
    Act.EXPLAIN: "怎么解释的。这段话会告诉群众",
    Act.APPEAL: "申诉的理由",
    Act.DISSATISFIED: "群众说哪里还不行。这段话给承办人看",
    Act.MAINTAIN: "复核的理由",
    Act.VOID: "复核的理由。这段话会告诉群众",
    Act.SETTLE: "怎么处理的。这段话会告诉群众",
}
APPEALS = {"mistaken": "误评", "untrue": "不实", "malicious": "恶意"}
STEPS: Mapping[Step, str] = {
    Step.CONTACT: "联系群众",
    Step.RECTIFY: "整改",
    Step.FOLLOW_UP: "回访",
    Step.REVIEW: "复核申诉",
    Step.SETTLE: "主管单位处理",
}
STARTS: Mapping[Step, str] = {
    Step.CONTACT: "评价当天",
    Step.RECTIFY: "评价当天",
    Step.FOLLOW_UP: "整改完成当天",
    Step.REVIEW: "申诉当天",
    Step.SETTLE: "上报当天",
}
KINDS: Mapping[str, str] = {
    "remind": "快到期",
    "due_today": "今天到期",
    "chase": "已超期，催办",
    "intervene": "超期，督办",
    "bulletin": "超期，通报",
    "repeat": "仍未办",
    "waiting": "超期，督办待签发",
}
PARTIES = {"handler": "承办人", "follower": "回访人", "office": "主管单位", "citizen": "群众"}


@dataclass(frozen=True, slots=True)
class RectificationFacts:
    """What the page of one rectification needs; nothing in it says who the citizen is."""

    rectification: Rectification
    rating: Rating
    deadlines: Sequence[Deadline]
    events: Sequence[RectificationEvent]
    acts: Sequence[Act]
    can_extend: bool
    has_phone: bool
    official: OfficialRating | None = None


def entry_name(base: KnowledgeBase, entry_id: str) -> str:
    """Return an entry's short name, or its id where it is gone."""
    entry = base.entries.get(entry_id)
    return entry.short_name if entry else entry_id


def owner_words(base: KnowledgeBase, recipient: Recipient) -> str:
    """Return whose a rectification is."""
    role = recipient.role or Role.SUPERVISOR
    return f"{ROLE_NAMES[role]}（{scope_words(base, recipient.scope)}）"


def cause_words(rectification: Rectification, rating: Rating) -> str:
    """Return what a bad rating was about, in the words of its tags."""
    if rectification.cause is None:
        return "没选原因"
    tags = "、".join(label for tag in rating.tags if (label := tag_label(tag)))
    label = REASON_LABELS[_reason(rectification.cause)]
    return f"{label}·{tags}" if tags else label


def _reason(cause: Cause) -> Reason:
    return Reason(cause.value)


def list_reply(
    base: KnowledgeBase,
    waiting: Sequence[tuple[Rectification, Deadline | None]],
    today: date,
) -> Reply:
    """List what is in progress, the soonest due first."""
    if not waiting:
        return Reply("没有要处理的整改。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"在办整改 {len(waiting)} 件：")
    for rectification, deadline in waiting[:MOST_LISTED]:
        due = due_words(deadline, today) if deadline else ""
        lines.add(
            f"· {rectification.number[-6:]}｜{entry_name(base, rectification.entry_id)}｜"
            f"{STATES[rectification.state]}{due}"
        )
    if len(waiting) > MOST_LISTED:
        lines.add(f"（只列前 {MOST_LISTED} 件，其余在网页看板）")
    rows = [
        (Button(f"看 {one.number[-6:]}", f"rect:{one.number}"),) for one, _ in waiting[:MOST_LISTED]
    ]
    return Reply(lines.text, buttons=(*rows, (MENU,)))


def due_words(deadline: Deadline, today: date) -> str:
    """Return what is due when, and whether it is late."""
    late = "，已超期" if deadline.is_late(today) else ""
    late = "，今天到期" if deadline.due_on == today else late
    return f"｜{STEPS[deadline.step]}{format_day(deadline.due_on)}前{late}"


def rectification_words(base: KnowledgeBase, one: Rectification) -> str:
    """Name a rectification: its number's tail and the entry."""
    return f"整改 {one.number[-6:]}（{entry_name(base, one.entry_id)}）"


def late_words(deadline: Deadline, overdue_days: int) -> str:
    """Say which step is how late."""
    return (
        f"🔴 {STEPS[deadline.step]}超期 {overdue_days} 个工作日，{format_day(deadline.due_on)}到期"
    )


def act_told_reply(
    base: KnowledgeBase,
    act: OfficeAct,
    one: Rectification,
    standing: str,
    told: Sequence[Told],
    released_by: Person | None,
    viewer: Viewer,
) -> Reply:
    """Tell everyone concerned of a released act, with the reminders that went before."""
    lines = Lines()
    lines.heading(act_title(act))
    lines.add(
        rectification_words(base, one),
        f"单位：{scope_words(base, one.scope)}；承办：{owner_words(base, one.recipient)}",
        standing,
    )
    before = reminded_before(act, told)
    if before:
        lines.add(f"此前提醒 {len(before)} 次，最近 {format_moment(before[-1])}。")
    lines.add("请马上办，办完在这里点一下。")
    if act.decided_at is not None and released_by is not None:
        lines.add(f"签发：{person_words(released_by, viewer)}，{format_moment(act.decided_at)}")
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=((Button("看整改", f"rect:{one.number}"), MENU),),
    )


def proof_reply(
    base: KnowledgeBase,
    one: Rectification,
    told: Sequence[tuple[Step, Told]],
    acts: Sequence[OfficeAct],
    events: Sequence[RectificationEvent],
    known: Mapping[int, Person],
    viewer: Viewer,
) -> Reply:
    """Show who was told what of a rectification, when it was sent, and what was done."""
    names = {i: person_words(person, viewer) for i, person in known.items()}
    signers = frozenset[int]()  # nobody signs for a reminder here: what is done says it
    lines = Lines()
    lines.add(f"提醒记录：{rectification_words(base, one)}")
    lines.heading(f"提醒 {len(told)} 条")
    lines.bullets(f"{STEPS[step]}｜{told_words(each, names, signers)}" for step, each in told)
    if acts:
        lines.heading("督办、通报")
        lines.bullets(
            f"{STEPS[Step(a.step)]}｜{act_line(a, names, viewer)}" for a in acts if a.step
        )
    lines.heading("经过")
    lines.bullets(_event_line(event, discreet=viewer.discreet) for event in events)
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=((Button("看整改", f"rect:{one.number}"), MENU),),
    )


def detail_reply(
    base: KnowledgeBase,
    facts: RectificationFacts,
    today: date,
    *,
    discreet: bool,
    page: str | None,
) -> Reply:
    """Show one rectification: cause, words, deadlines, what was done, what may be done."""
    one, rating = facts.rectification, facts.rating
    lines = Lines()
    again = f"（第 {one.round} 轮）" if one.round > 1 else ""
    lines.add(f"整改 {one.number}：{STATES[one.state]}{again}")
    lines.add(
        f"评价：{LEVELS[rating.level]}，{format_moment(rating.rated_at)}",
        f"原因：{cause_words(one, rating)}",
        f"事项：{entry_name(base, one.entry_id)}；{scope_words(base, one.scope)}",
        f"承办：{owner_words(base, one.recipient)}",
        _contact_words(facts),
    )
    if facts.official is not None:
        lines.add(_official(facts.official, rating.level, discreet=discreet))
    if discreet:
        lines.add(_words_elsewhere(facts, page))
    else:
        # Who it is, the unit does not learn, not even from the words (domain rules 1.6).
        words, more = (mask_introduced_names(t or "") for t in (rating.words, rating.addendum))
        lines.add(f"原话：{words}" if words else "原话：没写")
        lines.add(f"补充：{more}" if more else None)
    lines.heading("期限")
    lines.bullets(_deadline_line(deadline, today) for deadline in facts.deadlines)
    if one.complex_reason:
        lines.add(f"按复杂事项办，原因：{one.complex_reason}")
    if facts.events:
        lines.heading("经过")
        lines.bullets(_event_line(event, discreet=discreet) for event in facts.events)
    return Reply(lines.text, headings=lines.headings, buttons=_buttons(facts))


def _official(official: OfficialRating, level: int, *, discreet: bool) -> str:
    """Name the provincial rating of the same service; each counts in its own table alone."""
    number = f"…{official.number[-4:]}" if discreet else official.number
    differs = "，等级不同，各算各的" if official.level != level else ""
    return f"省好差评：{number}，{LEVELS[official.level]}（已同步{differs}）"


def _words_elsewhere(facts: RectificationFacts, page: str | None) -> str | None:
    """Say where to read what was written, where anything was."""
    if not facts.rating.words and not any(event.words for event in facts.events):
        return None
    return f"原话和处理记录不经 Telegram 传送，请在网页上看{_at(page)}"


def _at(page: str | None) -> str:
    return f"：{page}" if page else "。"


def _contact_words(facts: RectificationFacts) -> str:
    if facts.rectification.anonymous:
        return "联系：群众不要求联系（整改，不回访）"
    if facts.rectification.state is State.FOLLOW_UP:
        return "联系：已在对话里问群众满不满意，没回话的请回访"
    phone = "，也同意电话联系" if facts.has_phone else ""
    return f"联系：可在对话里回复群众{phone}"


def _deadline_line(deadline: Deadline, today: date) -> str:
    on = format_day(deadline.due_on)
    mark = "（暂定，以国务院放假安排为准）" if deadline.provisional else ""
    if deadline.met_on is not None:
        done = f"，{format_day(deadline.met_on)}已办"
        return f"{STEPS[deadline.step]}：{on}前{mark}{done}" + (
            "，超期" if deadline.is_late(today) else ""
        )
    return f"{STEPS[deadline.step]}：{on}前{mark}" + ("，已超期" if deadline.is_late(today) else "")


def _event_line(event: RectificationEvent, *, discreet: bool) -> str:
    act = ACTS.get(Act(event.act), event.act) if event.act in set(Act) else OTHER_ACTS[event.act]
    said = event.words or ""
    said = mask_introduced_names(said) if event.as_party is Party.CITIZEN else said
    words = f"：{shorten(said, 200)}" if said and not discreet else ""
    return f"{format_moment(event.at)} {PARTIES[event.as_party]} {act}{words}"


OTHER_ACTS = {"extend": "按复杂事项办", "reply": "回话"}


def _buttons(facts: RectificationFacts) -> tuple[tuple[Button, ...], ...]:
    number = facts.rectification.number
    rows: list[tuple[Button, ...]] = [
        (
            Button("看当时的答复", f"rectans:{number}"),
            Button("为什么是这天", f"rectwhy:{number}"),
        )
    ]
    rows += [(Button(ACTS[act], f"ract:{number}:{act.value}"),) for act in facts.acts]
    if facts.can_extend:
        rows.append((Button("情况复杂，延长整改", f"ract:{number}:extend"),))
    if facts.has_phone:
        rows.append((Button("查电话（须写理由）", f"rphone:{number}"),))
    rows.append((Button("提醒记录", f"rectproof:{number}"),))
    rows.append((Button("整改列表", "rects"), MENU))
    return tuple(rows)


def why_reply(one: Rectification, explained: Sequence[tuple[Deadline, Explanation]]) -> Reply:
    """Answer 为什么是这天 for every deadline, day by day."""
    lines = Lines()
    lines.add(f"整改 {one.number[-6:]} 的期限，一天一天这样数：")
    for deadline, explanation in explained:
        lines.heading(
            f"{STEPS[deadline.step]}：{format_day(deadline.from_on)}起 {deadline.days} 个工作日，"
            f"{format_day(deadline.due_on)}"
        )
        for day in explanation.days:
            counted = "算" if day.counted else "不算"
            reason = _start(one, deadline) if day.on == deadline.from_on else day.reason
            lines.add(f"· {format_day(day.on)} {counted}（{reason}）")
    return Reply(
        lines.text, headings=lines.headings, buttons=((Button("返回", f"rect:{one.number}"),),)
    )


def _start(one: Rectification, deadline: Deadline) -> str:
    """Return what happened on the day a deadline counts from."""
    again = deadline.step is Step.RECTIFY and one.reopened_at is not None
    return "回访不满意当天" if again else STARTS[deadline.step]


def shown_then(text: str, at: datetime, version: str) -> str:
    """Head an answer with when it was shown and from which knowledge."""
    return f"群众 {format_moment(at)} 评价的答复（知识版本 {version}）：\n{text}"


def ask_words_reply(act: Act | None, number: str) -> Reply:
    """Ask for the words an act needs; None asks why a matter is complex."""
    asked = ASKS[act] if act is not None else "为什么情况复杂、打算怎么改、哪天改完"
    return Reply(f"请写（10 分钟内）：{asked}。", buttons=((Button("取消", f"rect:{number}"),),))


def choose_appeal_reply(number: str) -> Reply:
    """Ask on what ground a unit appeals."""
    rows = [(Button(label, f"ract:{number}:appeal:{key}"),) for key, label in APPEALS.items()]
    return Reply(
        "申诉由主管单位复核，复核前评价照算。哪一种？",
        buttons=(*rows, (Button("取消", f"rect:{number}"),)),
    )


def on_page_reply(number: str, page: str | None) -> Reply:
    """Say that words for a citizen are written on the page, and how to get in there."""
    return Reply(
        f"整改 {number[-6:]}：写给群众的话、处理的说明不经 Telegram 传送，请在网页上写{_at(page)}\n"
        "第一次在网页上办，先要一个网页绑定码，在网页上绑定。",
        buttons=((Button("要网页绑定码", "mycode"), Button("返回", f"rect:{number}")),),
    )


def ask_lookup_reason_reply(number: str) -> Reply:
    """Ask why somebody needs a rater's phone."""
    return Reply(
        "请写查电话的理由（10 分钟内）。谁、什么时候、为什么查，都会记下来。",
        buttons=((Button("取消", f"rect:{number}"),),),
    )


def phone_reply(number: str, phone: str) -> Reply:
    """Show the phone a rater left."""
    return Reply(
        f"整改 {number[-6:]} 留的电话：{phone}\n只用于这件事，查看已记录。",
        buttons=((Button("返回", f"rect:{number}"),),),
    )


def told_reply(base: KnowledgeBase, one: Rectification, open_: Sequence[Deadline]) -> Reply:
    """Tell those who must act that something has come or come back to them."""
    words = {
        State.NEW: "有一条反馈要核实",
        State.VERIFYING: "申诉没有通过，请继续核实整改",
        State.RECTIFYING: "回访不满意，请再整改",
        State.FOLLOW_UP: "已整改，请回访",
        State.APPEALED: "有申诉要复核",
        State.ESCALATED: "两次回访都不满意，请主管单位处理",
        State.VOIDED: "申诉通过，评价作废",
    }
    due = "".join(f"，{STEPS[each.step]}{format_day(each.due_on)}前" for each in open_)
    said = words.get(one.state, STATES[one.state])
    return Reply(
        f"整改 {one.number[-6:]}（{entry_name(base, one.entry_id)}）：{said}{due}。",
        buttons=((Button("看整改", f"rect:{one.number}"),),),
    )


def citizen_replied_reply(one: Rectification) -> Reply:
    """Tell the handler that the citizen wrote back."""
    return Reply(
        f"整改 {one.number[-6:]}：群众回话了。",
        buttons=((Button("看整改", f"rect:{one.number}"),),),
    )


def citizen_wrote_reply(one: Rectification, writing: Writing) -> Reply:
    """Tell the handler that the rater has written, or added to it."""
    what = "补充了一句，原来的评价不变" if writing is Writing.ADDENDUM else "写了几句"
    return Reply(
        f"整改 {one.number[-6:]}：群众{what}，请看。",
        buttons=((Button("看整改", f"rect:{one.number}"),),),
    )


def digest_reply(told: Sequence[ToldRectification]) -> Reply:
    """Join what one person must do about rectifications into one message."""
    lines = Lines()
    lines.add(f"整改提醒 {len(told)} 条：")
    for each in told[:MOST_LISTED]:
        lines.add(
            f"· {each.number[-6:]}｜{STEPS[each.step]}{format_day(each.due_on)}前"
            f"｜{KINDS[each.kind]}"
        )
    numbers = list(dict.fromkeys(each.number for each in told))[:5]
    rows = [(Button(f"看 {number[-6:]}", f"rect:{number}"),) for number in numbers]
    if any(each.kind == NoticeKind.WAITING for each in told):
        rows.append((Button("待签发", "acts"),))
    return Reply(lines.text, buttons=(*rows, (Button("整改列表", "rects"),)))


# -- for the citizen


def status_lines(one: Rectification, open_: Sequence[Deadline], today: date) -> tuple[str, ...]:
    """Say state and dates of one, nothing of the words."""
    lines = [f"{one.number}：{CITIZEN_STATES[one.state]}", f"{format_moment(one.opened_at)} 收到"]
    if one.closed_at is not None:
        return (*lines, f"{format_moment(one.closed_at)} 结束")
    return (*lines, *promise_lines(one, open_, today))


def ask_number_reply(own: Sequence[Rectification], page: str | None) -> Reply:
    """Say how to ask for one by number, and list the person's own."""
    where = f"\n也可以在网页上查：{page}" if page else ""
    example = "比如：查反馈 Z20250124ABCDEF"
    return Reply(
        f"请发“查反馈 编号”，编号在评价后的回复里，Z 开头，{example}{where}",
        buttons=(*_own_rows(own), (MENU,)),
    )


def _own_rows(own: Sequence[Rectification]) -> tuple[tuple[Button, ...], ...]:
    return tuple((Button(_own_label(one), f"myfb:{one.number}"),) for one in own[:MOST_OWN])


def _own_label(one: Rectification) -> str:
    on = format_day(one.opened_at.date())
    return f"{on} {one.number[-6:]}：{CITIZEN_STATES[one.state]}"


def own_list_reply(own: Sequence[Rectification]) -> Reply:
    """List the person's own feedback that is or was looked into."""
    if not own:
        return Reply("您还没有要处理的反馈。办完事可以在答复下面评价。", buttons=((MENU,),))
    return Reply(f"您的反馈 {len(own)} 件，点开看进度：", buttons=(*_own_rows(own), (MENU,)))


def own_reply(
    one: Rectification,
    open_: Sequence[Deadline],
    told: Sequence[RectificationEvent],
    today: date,
    where: Elsewhere | None,
) -> Reply:
    """Show the person their own: state, dates, and what they were told."""
    lines = list(status_lines(one, open_, today))
    if told:
        lines += [where.words] if where is not None else ["对您说的：", *told_lines(told)]
    rows: list[tuple[Button, ...]] = []
    if one.is_open and not one.anonymous:
        rows.append((Button("回话", f"rrep:{one.number}"),))
    return Reply("\n".join(lines), buttons=(*rows, (Button("我的反馈", "myfb"), MENU)))


def status_reply(one: Rectification, open_: Sequence[Deadline], today: date) -> Reply:
    """Show state and dates by number, nothing of the words."""
    text = "\n".join(status_lines(one, open_, today))
    return Reply(text, buttons=((MENU, Button("转人工", "human")),))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where words are read that this channel may not carry: the page of one rectification."""

    page: str | None

    @property
    def words(self) -> str:
        """Return how to get there."""
        if self.page is None:
            return f"内容不经 Telegram 传送，请到窗口或打 {HOTLINE} 问。"
        return f"内容不经 Telegram 传送，请在网页上看（链接只给您）：{self.page}"


def _yours(one: Rectification, where: Elsewhere | None) -> str:
    """Name the feedback: in full, or by the end of its number where not everything is said."""
    if where is None:
        return f"您的反馈 {one.number}"
    return f"您 {format_day(one.opened_at.date())}的反馈（尾号 {one.number[-6:]}）"


def _said(words: str | None, where: Elsewhere | None) -> str:
    if where is not None:
        return f"\n{where.words}"
    return f"\n{words}" if words else ""


def contact_reply(one: Rectification, words: str, where: Elsewhere | None) -> Reply:
    """Give the citizen what the unit wrote, in the same thread, or say where to read it."""
    said = "负责的人说：" if where is None else "负责的人给您回了话。"
    return Reply(
        f"{_yours(one, where)}，{said}{_said(words, where)}",
        buttons=(
            (Button("回话", f"rrep:{one.number}"),),
            (Button("不用再联系我", f"rquiet:{one.number}"),),
        ),
    )


def ask_reply_reply() -> Reply:
    """Ask for what the citizen wants to say back."""
    return Reply(
        "请写（10 分钟内，别写身份证号、电话），会转给负责的人。不写就点取消。",
        buttons=((Button("取消", "menu"),),),
    )


def reply_taken_reply() -> Reply:
    """Confirm what the citizen said back."""
    return Reply("转给负责的人了，谢谢您。", buttons=((MENU,),))


def done_reply(one: Rectification, result: str | None, where: Elsewhere | None) -> Reply:
    """Tell the citizen the result and its reason, and ask whether they are content."""
    return Reply(
        f"{_yours(one, where)}，{_outcome(one)}{_said(result, where)}\n您满意吗？",
        buttons=(
            (Button("满意", f"revisit:{one.number}:satisfied"),),
            (Button("不满意", f"revisit:{one.number}:dissatisfied"),),
        ),
    )


def _outcome(one: Rectification) -> str:
    """Return what came of it, in plain words; the reason follows."""
    if one.state is State.VOIDED:
        return "主管单位复核后认为不成立，不计入评价。理由："
    if one.upheld is False:
        return "核实过了，反映的情况不成立。说明："
    return "处理好了。结果："


def revisited_reply(one: Rectification, result: str | None) -> Reply:
    """Thank for the answer to the follow-up, and say what comes of it.

    It stands in place of the question, so the result is said once more.
    """
    done = f"您的反馈 {one.number} 的处理结果：\n{result}\n" if result else ""
    rows: list[tuple[Button, ...]] = [(MENU,)]
    if one.state is State.CLOSED:
        said = f"谢谢您，{one.number} 办结了。"
    elif one.state is State.ESCALATED:
        said = f"记下了，{one.number} 已报主管单位处理，结果会告诉您。"
    else:
        said = f"记下了您不满意，{one.number} 退回去再改，改好再问您。"
        rows.insert(0, (Button("说说哪里还不行", f"rrep:{one.number}"),))
    return Reply(f"{done}{said}", buttons=tuple(rows), replaces=True)


def closed_reply(one: Rectification, result: str | None, where: Elsewhere | None) -> Reply:
    """Tell the citizen that it is closed, with the result and its reason."""
    objecting = "" if one.upheld and one.counts else f"\n不同意可以打 {HOTLINE} 反映。"
    return Reply(
        f"{_yours(one, where)}办结了：{_outcome(one)}{_said(result, where)}{objecting}",
        buttons=((MENU,),),
    )


def told_lines(events: Sequence[RectificationEvent]) -> tuple[str, ...]:
    """Return what was said to the citizen, for their own page."""
    return tuple(f"{format_moment(event.at)} {event.words}" for event in events)


def quiet_reply() -> Reply:
    """Confirm that nobody will contact them about this."""
    return Reply(
        f"好的，不再联系您，您反映的问题照样会改。想问进度可以凭编号查，或打 {HOTLINE}。",
        buttons=((MENU,),),
    )


def ask_phone_reply() -> Reply:
    """Ask for a phone: optional, with what it is for and for how long."""
    return Reply(
        "愿意接电话的话，请只发一个电话号码（10 分钟内）。只给处理这件事的人用，"
        "办结后 90 天删除；发出就是同意。不留也一样处理，点取消就行。",
        buttons=((Button("取消", "menu"),),),
    )


def phone_taken_reply() -> Reply:
    """Confirm the phone."""
    return Reply("电话记下了，只用于这件事。", buttons=((MENU,),))


# -- for the editor


def tasks_reply(base: KnowledgeBase, tasks: Sequence[KnowledgeTask]) -> Reply:
    """List the answers said to be incomplete."""
    if not tasks:
        return Reply("没有待补的条目。", buttons=((MENU,),))
    lines = Lines()
    lines.add(f"群众说“没说全”的条目 {len(tasks)} 条：")
    for task in tasks[:MOST_LISTED]:
        lines.add(f"· {entry_name(base, task.entry_id)}｜{format_moment(task.opened_at)}")
    rows = [
        (
            Button(f"看当时的答复 {task.id}", f"task:{task.id}"),
            Button("已补好", f"taskdone:{task.id}"),
        )
        for task in tasks[:MOST_LISTED]
    ]
    return Reply(lines.text, buttons=(*rows, (MENU,)))


def for_task(shown: Reply, task: KnowledgeTask) -> Reply:
    """Offer the editor what comes after reading the answer that was shown."""
    done = Button("已补好", f"taskdone:{task.id}")
    return replace(shown, buttons=((done, Button("待补条目", "tasks")), *shown.buttons))


def task_done_reply() -> Reply:
    """Confirm that a task is done."""
    return Reply("记下了。", buttons=((Button("待补条目", "tasks"), MENU),))
