"""办件: the digest, one case with its buttons, the supervisor's figures, acts and proof.

On a discreet channel a case is item, last four digits and dates; the rest is on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.dialogue import Button, Person, Reply, Table
from bot.records.roster import Unbound
from bot.reports.oversight import (
    Digest,
    Listed,
    Supervision,
    Told,
    UnitCounts,
    UnitRate,
)
from bot.reports.percentages import Rate
from bot.views.due_days import HOW, PROVISIONAL, days_table, why_button
from bot.views.pages import page_of, page_words
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines, format_day, format_moment, shorten
from reminders.acts import Act, DeclineReason
from reminders.case_work import Cause
from reminders.cases import Case, Missing
from reminders.notices import NO_REMINDERS, NoticeKind
from reminders.overdue import Rung, Stage, Standing
from reminders.overview import Block, block_of
from reminders.working_days import Explanation

MENU = Button("菜单", "menu")
MINE = Button("我的办件", "mine")
PRESSING = Button("超期明细", "pressing:0")
LISTED_WITH_BUTTONS = 8
OWN_WORDS = "own"
LONGEST_BLOCK = 15
MOST_DAYS = 6
TAIL = 4

LIGHTS = {
    Stage.ON_TRACK: "🟢 在办",
    Stage.DUE_SOON: "🟡 即将超期",
    Stage.OVERDUE: "🔴 超期",
    Stage.LONG_OVERDUE: "🔴 超期（达红牌标准）",
    Stage.SUSPENDED: "⚪ 挂起",
    Stage.AWAITING_PAPERS: "⚪ 待补正",
    Stage.COMPLETED: "✅ 已办结",
}
KIND_WORDS = {
    NoticeKind.REMIND: "提醒（即将超期）",
    NoticeKind.DUE_TODAY: "提醒（今日到期）",
    NoticeKind.CHASE: "催办",
    NoticeKind.INTERVENE: "督办",
    NoticeKind.BULLETIN: "通报",
    NoticeKind.REPEAT: "汇总再提醒",
    NoticeKind.WAITING: "待签发",
    NoticeKind.CAUSE: "请说明超期原因",
    NoticeKind.PERHAPS_DONE: "可能已办结，请核对",
}
ACT_WORDS = {Rung.INTERVENE: "督办", Rung.BULLETIN: "通报"}
ACT_TITLES = {Rung.INTERVENE: "督办通知", Rung.BULLETIN: "超期通报"}
CAUSE_WORDS = {
    Cause.SLOW: "经办拖延",
    Cause.UNTOLD: "没有及时提醒",
    Cause.PAPERS: "材料反复补正",
    Cause.OTHER_UNIT: "等其他部门",
    Cause.SYSTEM: "系统故障",
    Cause.STAFFING: "人手不足",
    Cause.WRONG_DATA: "数据有误，实未超期",
    Cause.OTHER: "其他",
}
DECLINE_WORDS = {
    DeclineReason.DONE: "已办结，等数据",
    DeclineReason.WRONG_DATA: "数据有误",
    DeclineReason.EXPLAINED: "已说明原因",
    DeclineReason.OTHER_MEANS: "已用其他方式督促",
}
BLOCK_WORDS = {
    Block.LATE: "🔴 超期",
    Block.DUE_TODAY: "🟡 今日到期",
    Block.DUE_SOON: "🟡 即将超期",
}
NOTICE_WORDS = {
    NoticeKind.BULLETIN: "通报",
    NoticeKind.INTERVENE: "督办",
    NoticeKind.CHASE: "催办",
    NoticeKind.DUE_TODAY: "提醒",
    NoticeKind.REMIND: "提醒",
    NoticeKind.REPEAT: "再提醒",
}
TO_DO_WORDS = {
    Block.LATE: "请马上办结，并说明超期原因。",
    Block.DUE_TODAY: "请今天办结；要补正、挂起、延期的，今天办好手续。",
    Block.DUE_SOON: "请在到期前办结。",
}
TO_URGE_WORDS = {
    Block.LATE: "请督促马上办结、说明原因。",
    Block.DUE_TODAY: "请督促今天办结。",
    Block.DUE_SOON: "请提醒经办人在到期前办结。",
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and whether their channel may carry names and full numbers.

    `works`: has cases of their own; `leads`: answers for a window; `city`: for the whole city.
    """

    discreet: bool
    works: bool
    page: str | None = None
    leads: bool = False
    city: bool = False


def person_words(person: Person, viewer: Viewer) -> str:
    """Name somebody of the staff: by the role, and by the name where it may be said."""
    role = ROLE_NAMES[person.role]
    if viewer.discreet:
        return role
    return f"{role}{person.name}" if person.name else f"{role}（账号 {person.id}）"


def short_number(case: Case) -> str:
    """Return the last four digits of a case's number."""
    return case.number[-TAIL:]


def case_words(case: Case, *, discreet: bool) -> str:
    """Name a case: item and number tail, and where it may be said number and masked applicant."""
    if discreet:
        return f"{shorten(case.item, 24)}（尾号 {short_number(case)}）"
    applicant = f"，{case.applicant}" if case.applicant else ""
    return f"{shorten(case.item, 24)}（{case.number}{applicant}）"


def standing_words(standing: Standing) -> str:
    """Say how late, or how many days are left, with the due day."""
    due = format_day(standing.due_on) + (PROVISIONAL if standing.provisional else "")
    if standing.is_late:
        over = f" {standing.overdue_days} 个工作日" if standing.overdue_days else ""
        carded = "（达红牌标准）" if standing.stage is Stage.LONG_OVERDUE else ""
        return f"{LIGHTS[Stage.OVERDUE]}{over}{carded}，{due}到期"
    if standing.due_today:
        return f"🟡 今日到期，{due}"
    if standing.late_step is not None:
        return (
            f"🟡 预警：环节“{shorten(standing.late_step, 12)}”超时，全程剩 "
            f"{standing.remaining_days} 个工作日，{due}到期"
        )
    if standing.stage in (Stage.DUE_SOON, Stage.ON_TRACK):
        return f"{LIGHTS[standing.stage]}，剩 {standing.remaining_days} 个工作日，{due}到期"
    return LIGHTS[standing.stage]


def as_of_words(as_of: datetime | None, *, stale: bool) -> str:
    """Say how fresh the data are; stale ones are a banner and no ground for any all-clear."""
    if as_of is None:
        return "🔴 还没有导入过办件数据，不能说有没有超期。"
    if stale:
        return (
            f"🔴 数据截至 {format_moment(as_of)}，超过一个工作日没更新："
            "下面可能不全，没列出的不等于没超期。请以平台为准；窗口负责人请尽快导入最新数据。"
        )
    return f"数据截至 {format_moment(as_of)}"


# -- the digest


def digest_reply(
    digest: Digest, viewer: Viewer, *, on: date, missed_at: datetime | None, adds: bool
) -> Reply:
    """Show one person what is late, due today and due soon, worst first, with buttons.

    One that `adds` to the slot's digest holds only what is new, and says so.
    """
    lines = Lines()
    if missed_at is not None:
        since = f"{missed_at:%H:%M}"
        if missed_at.date() != on:
            since = format_moment(missed_at)
        lines.add(f"【补发】{since} 的汇总，当时程序没有运行。")
    lines.add(as_of_words(digest.as_of, stale=digest.stale))
    if adds and digest.listed:
        lines.add("下面只是新增的；全部发“我的办件”看。")
    if digest.units:
        _add_units(lines, digest)
    for block, title in BLOCK_WORDS.items():
        entries = [e for e in digest.listed if block_of(e.standing) is block]
        total = digest.totals[block]
        if total:
            lines.heading(f"{title} {total} 件")
            lines.add(TO_DO_WORDS[block] if viewer.works else TO_URGE_WORDS[block])
            shown = _shown(entries, viewer)
            lines.bullets(_digest_line(e, viewer) for e in shown)
            if total > len(shown):
                lines.add(
                    f"另有 {total - len(shown)} 件，点下面“{_everything(viewer).label}”看全部。"
                )
    if digest.causes:
        lines.heading(f"请说明超期原因 {len(digest.causes)} 件")
        lines.bullets(
            f"{case_words(c, discreet=viewer.discreet)}，已办结但超期"
            for c in digest.causes[:LONGEST_BLOCK]
        )
    if digest.waiting:
        lines.heading(f"待签发 {len(digest.waiting)} 件")
        lines.add("督办、红牌、通报要由您签发，点下面“待签发”。")
    if digest.perhaps_done:
        lines.heading(f"可能已办结 {digest.perhaps_done} 件")
        lines.add("最新在办数据里没有了，两个工作日内不催。请逐件核对后确认，点下面“可能已办结”。")
    if viewer.discreet and viewer.page:
        lines.add("", f"完整编号看网页：{viewer.page}")
    return Reply(lines.text, headings=lines.headings, buttons=_digest_buttons(digest, viewer))


def morning_reply(viewer: Viewer) -> Reply:
    """Say where the printable pages for the morning meeting are."""
    buttons = ((Button("超期情况", "overdue"), MENU),)
    if not viewer.page:
        return Reply("晨会单在网页上打印，网页现在没有开。请找管理员。", buttons=buttons)
    return Reply(
        f"晨会单（一个单位一页，可打印）：{viewer.page}dashboard/print\n要先在网页上绑定过身份。",
        buttons=buttons,
    )


def _add_units(lines: Lines, digest: Digest) -> None:
    """Count by unit for who answers for several."""
    lines.heading(f"按单位（{digest.all_units} 个有超期或快到期的）")
    lines.bullets(f"{u.unit}：🔴 超期 {u.late}，🟡 快到期 {u.soon}" for u in digest.units)
    if digest.all_units > len(digest.units):
        lines.add(f"另有 {digest.all_units - len(digest.units)} 个单位较轻的，没列出。")


def _shown(entries: Sequence[Listed], viewer: Viewer) -> list[Listed]:
    """Return the worst of a block, and what is new in this message even where it is milder.

    Of yellow ones the city's supervisor reads only the number: they are their districts' work.
    """
    milder_only = viewer.city and bool(entries) and not entries[0].standing.is_late
    named = 0 if milder_only else LONGEST_BLOCK
    new = [e for e in entries[named:] if e.kinds - {NoticeKind.REPEAT}]
    return [*entries[:named], *new[:LONGEST_BLOCK]]


def _everything(viewer: Viewer) -> Button:
    return MINE if viewer.works and not viewer.leads else PRESSING


def _digest_line(listed: Listed, viewer: Viewer) -> str:
    """Return what a notice of a case holds: two short lines are readable on a phone."""
    case = listed.case
    named = case_words(case, discreet=viewer.discreet)
    first = f"{_notice_word(listed)}{standing_words(listed.standing)}｜{named}"
    extended = f"（延期 {case.extended_days} 个）" if case.extended_days else ""
    parts = [
        case.unit_name,
        f"{format_day(case.accepted_on)}受理，承诺 {case.limit_days} 个工作日{extended}",
    ]
    if listed.told_before is not None:
        last = format_moment(listed.told_before.last_at)
        parts.append(f"已提醒 {listed.told_before.times} 次，最近 {last}")
    if listed.broken is not None:
        said = listed.broken.done_by_on
        parts.append(
            f"答应 {format_day(said)}办结，最新数据显示没办结"
            if said
            else "说过已办结，最新数据显示没办结"
        )
    if case.missing is Missing.UNVERIFIED:
        parts.append("待核：最新文件里没有这件")
    return f"{first}\n   {'｜'.join(parts)}"


def _notice_word(listed: Listed) -> str:
    """Name what this message is about a case; nothing where it only stands in the list."""
    named = [word for kind, word in NOTICE_WORDS.items() if kind in listed.kinds]
    return f"【{named[0]}】" if named else ""


def _digest_buttons(digest: Digest, viewer: Viewer) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    if viewer.works and len(digest.listed) == 1 and not digest.causes:
        case = digest.listed[0].case
        rows += _work_buttons(case, digest.listed[0].standing)
        rows.append((Button("看这件", f"case:{case.id}"),))
    else:
        for entry in digest.listed[:LISTED_WITH_BUTTONS]:
            rows += _short_rows(entry.case, viewer)
    rows += [
        (Button(f"说明原因 {short_number(c)}", f"caselate:{c.id}"),)
        for c in digest.causes[:LISTED_WITH_BUTTONS]
    ]
    if digest.waiting:
        rows.append((Button("待签发", "acts"),))
    if digest.perhaps_done:
        rows.append((Button(f"可能已办结 {digest.perhaps_done} 件", "perhaps"),))
    if viewer.works and not viewer.leads:
        rows.append((MINE, MENU))
    else:
        rows.append((_everything(viewer), Button("超期情况", "overdue"), MENU))
    return tuple(rows)


def _short_rows(case: Case, viewer: Viewer) -> list[tuple[Button, ...]]:
    """Return the buttons of one case among several; what is answered stands whole on each."""
    tail = short_number(case)
    if not viewer.works:
        return [(Button(f"看 {tail}", f"case:{case.id}"),)]
    return [
        (
            Button(f"{tail} 今日办结", f"casetoday:{case.id}"),
            Button(f"{tail} 更多", f"case:{case.id}"),
        ),
        (Button(f"{tail} 已办结（等数据更新）", f"casedone:{case.id}"),),
    ]


def _work_buttons(case: Case, standing: Standing) -> list[tuple[Button, ...]]:
    if not case.is_open:
        return [(Button("说明原因", f"caselate:{case.id}"),)] if case.cause is None else []
    papers: tuple[Button, ...] = ()
    if case.papers_asked_on:
        papers = (Button("补正收齐", f"casearrived:{case.id}"),)
    elif not standing.is_late:
        papers = (Button("待补正", f"casepapers:{case.id}"),)
    rows: list[tuple[Button, ...]] = [
        (
            Button("今日办结", f"casetoday:{case.id}"),
            Button("已办结（等数据更新）", f"casedone:{case.id}"),
        ),
        (*papers, Button("转办", f"casegive:{case.id}"), Button("有误", f"casewrong:{case.id}")),
        (
            why_button(f"casewhy:{case.id}"),
            Button("恢复计时", f"caseresume:{case.id}")
            if case.open_suspension()
            else Button("挂起", f"casestop:{case.id}"),
        ),
    ]
    if standing.is_late and case.cause is None:
        rows.append((Button("说明原因", f"caselate:{case.id}"),))
    return rows


# -- one case, and one's own


def mine_reply(
    entries: Sequence[tuple[Case, Standing]],
    as_of: datetime | None,
    viewer: Viewer,
    *,
    stale: bool,
) -> Reply:
    """List somebody's open cases, worst first."""
    lines = Lines()
    lines.add(as_of_words(as_of, stale=stale))
    if not entries:
        lines.add("名下没有查到在办件；数据太旧，不能当作没有。" if stale else "您名下没有在办件。")
        return Reply(lines.text, buttons=((MENU,),))
    lines.heading(f"我的办件 {len(entries)} 件")
    lines.bullets(
        f"{standing_words(s)}｜{case_words(c, discreet=viewer.discreet)}"
        for c, s in entries[: 2 * LONGEST_BLOCK]
    )
    if len(entries) > 2 * LONGEST_BLOCK:
        lines.add(f"另有 {len(entries) - 2 * LONGEST_BLOCK} 件没那么急，没列出。")
    if viewer.discreet and viewer.page:
        lines.add("", f"完整编号看网页：{viewer.page}")
    rows = [row for case, _ in entries[:LISTED_WITH_BUTTONS] for row in _short_rows(case, viewer)]
    return Reply(lines.text, headings=lines.headings, buttons=(*rows, (MENU,)))


def case_reply(
    case: Case,
    standing: Standing,
    viewer: Viewer,
    *,
    offered_to_me: bool,
    unconfirmed: bool,
    may_extend: bool,
) -> Reply:
    """Show one case with everything that can be done about it."""
    lines = Lines()
    lines.add(case_words(case, discreet=viewer.discreet), standing_words(standing))
    lines.add(f"{format_day(case.accepted_on)}受理，承诺 {case.limit_days} 个工作日")
    if case.extended_days:
        lines.add(f"已批准延期 {case.extended_days} 个工作日")
    lines.add(f"单位：{case.unit_name}")
    if case.handler_name and not viewer.discreet:
        lines.add(f"经办人：{case.handler_name}")
    if case.missing is not None:
        lines.add(
            "可能已办结：最新在办数据里没有这件。"
            if case.missing is Missing.PERHAPS_DONE
            else "待核：最新数据里没有这件。"
        )
    if case.cause:
        lines.add(f"超期原因：{cause_words(case.cause)}")
    rows: list[tuple[Button, ...]] = []
    if offered_to_me:
        rows.append((Button("接收", f"casetake:{case.id}"),))
    if viewer.works:
        rows += _work_buttons(case, standing)
    else:
        rows.append((why_button(f"casewhy:{case.id}"),))
    if may_extend:
        rows.append((Button("批准延期", f"caseextend:{case.id}"),))
    if unconfirmed:
        rows.append((Button("确认已办结", f"caseclose:{case.id}"),))
    rows.append((Button("提醒记录", f"caseproof:{case.id}"), MENU))
    return Reply(lines.text, buttons=tuple(rows))


def cause_words(cause: str) -> str:
    """Say why a case was late."""
    return CAUSE_WORDS[Cause(cause)] if cause in set(Cause) else cause


def why_reply(
    case: Case, started_on: date, explanation: Explanation, standing: Standing, viewer: Viewer
) -> Reply:
    """Show each day from the start of the clock to the due day, counted or not, and why."""
    buttons = ((Button("回到这件", f"case:{case.id}"),),)
    days, named = case.limit_days + case.extended_days, case_words(case, discreet=viewer.discreet)
    if standing.stage is Stage.AWAITING_PAPERS and case.papers_asked_on is not None:
        return Reply(
            f"{named}：{format_day(case.papers_asked_on)}起待补正，时钟停着，还没有到期日。"
            f"材料收齐那天起算 {days} 个工作日（行政许可法第三十二条）。",
            buttons=buttons,
        )
    began = "受理" if started_on == case.accepted_on else "补正收齐"
    reserve = PROVISIONAL if explanation.provisional else ""
    ends = f"{format_day(explanation.due_on)}到期{reserve}"
    suspension = case.open_suspension()
    if standing.stage is Stage.SUSPENDED and suspension is not None:
        ends = (
            f"{format_day(suspension.begins_on)}起挂起，时钟停着，到期日还没定；"
            f"今天就恢复的话{ends}"
        )
    return Reply(
        f"{named}：{format_day(started_on)}{began}，{days} 个工作日，{ends}。{HOW}",
        table=days_table(explanation),
        buttons=buttons,
    )


def today_reply(case: Case) -> Reply:
    """Confirm 今日办结."""
    return Reply(
        f"记下了：尾号 {short_number(case)} 今天办结。今天不再催您；时限照走，以平台数据为准。",
        buttons=((MINE,),),
    )


def done_reply(case: Case) -> Reply:
    """Confirm 已办结."""
    return Reply(
        f"记下了：尾号 {short_number(case)} 已办结，等数据更新。下次导入前不再催您；"
        "导入后还在办会再提醒。",
        buttons=((MINE,),),
    )


def papers_reply(case: Case) -> Reply:
    """Confirm 待补正."""
    return Reply(
        f"尾号 {short_number(case)} 记为待补正，时限从材料收齐那天起算。请在平台上同样登记："
        "下次导入仍显示在办，就恢复计时。",
        buttons=((Button("补正收齐", f"casearrived:{case.id}"), MINE),),
    )


def arrived_reply(case: Case, standing: Standing) -> Reply:
    """Confirm that the papers have arrived, with the new due day where they start the clock."""
    if standing.is_late:
        return Reply(
            f"尾号 {short_number(case)} 今天收齐材料。要求补正时已经超期，时限不重新起算："
            f"{standing_words(standing)}。请尽快办结，并说明超期原因。",
            buttons=((MINE,),),
        )
    return Reply(
        f"尾号 {short_number(case)} 今天收齐材料，开始计时，{format_day(standing.due_on)}到期。",
        buttons=((MINE,),),
    )


def give_reply(case: Case, colleagues: Sequence[Person]) -> Reply:
    """Offer the colleagues to whom a case may be handed over."""
    if not colleagues:
        return Reply(
            "没有可以转给的同事（要先绑定身份）。请找窗口负责人。", buttons=((MINE, MENU),)
        )
    rows = [
        (Button(c.name or f"同事 {c.id}", f"casegive:{case.id}:{c.id}"),) for c in colleagues[:12]
    ]
    return Reply(f"尾号 {short_number(case)} 转给谁？", buttons=(*rows, (MINE,)))


def give_on_page_reply(case: Case, viewer: Viewer) -> Reply:
    """Send somebody to the page to choose a colleague: names do not go over this channel."""
    where = f"：{viewer.page}" if viewer.page else "。"
    return Reply(
        f"转办尾号 {short_number(case)} 要选同事姓名，姓名不经 Telegram 传送，请在网页上转{where}",
        buttons=((MINE,),),
    )


def given_reply(case: Case) -> Reply:
    """Confirm an offer."""
    return Reply(
        f"尾号 {short_number(case)} 已转出，等对方接收。接收前两边都提醒。", buttons=((MINE,),)
    )


def offered_reply(case: Case, standing: Standing, viewer: Viewer) -> Reply:
    """Tell a colleague that a case is offered to them."""
    return Reply(
        f"有一件转给您：{case_words(case, discreet=viewer.discreet)}，{standing_words(standing)}",
        buttons=((Button("接收", f"casetake:{case.id}"), Button("看这件", f"case:{case.id}")),),
    )


def taken_reply(case: Case) -> Reply:
    """Confirm that a case was taken over."""
    return Reply(f"尾号 {short_number(case)} 归您办了。", buttons=((MINE,),))


def taken_over_reply(case: Case) -> Reply:
    """Tell the former handler that their case was taken over."""
    return Reply(f"尾号 {short_number(case)} 对方已接收，不再提醒您。", buttons=((MINE,),))


def wrong_reply(case: Case) -> Reply:
    """Confirm that a mistake was reported."""
    return Reply(
        f"尾号 {short_number(case)} 的数据有误，已告诉窗口负责人。改好平台数据、再导入就更正；"
        "之前照常提醒。",
        buttons=((MINE,),),
    )


def wrong_told_reply(case: Case, viewer: Viewer) -> Reply:
    """Tell the lead that a handler calls a case's data wrong."""
    return Reply(
        f"经办人说数据有误：{case_words(case, discreet=viewer.discreet)}。请核对平台数据。",
        buttons=((Button("看这件", f"case:{case.id}"),),),
    )


def causes_reply(case: Case) -> Reply:
    """Ask why a case is late."""
    rows = [(Button(CAUSE_WORDS[cause], f"caselate:{case.id}:{cause.value}"),) for cause in Cause]
    return Reply(f"尾号 {short_number(case)} 为什么超期？", buttons=(*rows, (MENU,)))


def cause_given_reply(case: Case, cause: Cause) -> Reply:
    """Confirm the cause."""
    return Reply(
        f"尾号 {short_number(case)} 超期原因：{CAUSE_WORDS[cause]}。", buttons=((MINE, MENU),)
    )


def perhaps_done_reply(
    entries: Sequence[tuple[Case, Standing]], page: int, viewer: Viewer
) -> Reply:
    """List the cases that may be done, to be confirmed one by one or, having read them, all."""
    buttons = ((Button("超期情况", "overdue"), MENU),)
    if not entries:
        return Reply("没有可能已办结、等核对的办件。", buttons=buttons)
    lines = Lines()
    shown, turns = page_of(entries, page, "perhaps")
    lines.heading(f"可能已办结 {len(entries)} 件{page_words(entries, page)}")
    lines.add("最新在办数据里没有这些件。请在平台核对，确实办结的再确认；没办结的不用点。")
    lines.numbered(
        f"{case_words(case, discreet=viewer.discreet)}｜{format_day(standing.due_on)}到期"
        + (f"｜{_since_words(case.missing_at)}" if case.missing_at else "")
        for case, standing in shown
    )
    rows = [
        (
            Button(f"确认办结 {short_number(case)}", f"caseclose:{case.id}"),
            Button(f"看 {short_number(case)}", f"case:{case.id}"),
        )
        for case, _ in shown
    ]
    latest = max(case.id for case, _ in entries)
    everything = Button(f"全部确认办结 {len(entries)} 件", f"closeall:{len(entries)}:{latest}")
    return Reply(
        lines.text, headings=lines.headings, buttons=(*rows, *turns, (everything,), *buttons)
    )


def _since_words(missing_at: datetime) -> str:
    return f"{format_moment(missing_at)} 起查不到"


def closed_reply(cases: Sequence[Case], left: int) -> Reply:
    """Confirm that missing cases were closed, and lead back to those that are left."""
    which = f"尾号 {short_number(cases[0])}" if len(cases) == 1 else f"{len(cases)} 件"
    buttons = [Button(f"可能已办结 {left} 件", "perhaps")] if left else []
    return Reply(f"已确认办结：{which}。", buttons=((*buttons, MENU),))


# -- the supervisor's figures


def overdue_reply(
    figures: Supervision,
    scope_words: str,
    trend: Reply,
    clear: Sequence[str],
    rates: Sequence[UnitRate],
    unexplained: Mapping[str, int],
    unbound: Sequence[Unbound],
    viewer: Viewer,
    *,
    waiting: int,
    perhaps_done: int,
) -> Reply:
    """Show lights by unit, the late ones by name, who has none, the trend, and who was told."""
    lines = Lines()
    lines.heading(f"办件时限　{scope_words}　{format_day(figures.on)}")
    lines.add(as_of_words(figures.as_of, stale=figures.stale))
    if figures.as_of is None:
        return Reply(lines.text, headings=lines.headings, buttons=((MENU,),))
    lines.add(_counts_words(figures.total))
    if figures.late:
        lines.heading(f"🔴 超期 {len(figures.late)} 件")
        lines.bullets(
            f"{case.unit_name}｜{case_words(case, discreet=viewer.discreet)}｜"
            f"{standing_words(standing)}"
            for case, standing in figures.late[:LONGEST_BLOCK]
        )
        if len(figures.late) > LONGEST_BLOCK:
            more = len(figures.late) - LONGEST_BLOCK
            lines.add(f"另有 {more} 件，点下面“{PRESSING.label}”看全部。")
    if clear and not figures.stale:
        lines.heading("没有超期的单位")
        lines.add("、".join(clear))
    if rates:
        lines.heading("提醒及时率（本月，到期前已提醒 ÷ 到期）")
        lines.bullets(f"{r.unit}：{_rate_words(r.rate)}" for r in rates)
    if unexplained:
        lines.heading("本月超期办结未说明原因")
        lines.bullets(f"{unit}：{number} 件" for unit, number in unexplained.items())
    if unbound:
        lines.heading(f"未绑定 {len(unbound)} 人，涉及 {sum(u.cases for u in unbound)} 件")
        if viewer.discreet:
            lines.add("他们的办件转给窗口负责人；名单看网页。")
        else:
            lines.bullets(
                f"{u.name}（{u.unit or '单位不详'}）：{u.cases} 件" for u in unbound[:LONGEST_BLOCK]
            )
    if viewer.page:
        lines.add("", f"晨会单（一个单位一页，可打印）：{viewer.page}dashboard/print")
    buttons: list[tuple[Button, ...]] = []
    if waiting:
        buttons.append((Button(f"待签发 {waiting} 件", "acts"),))
    if perhaps_done:
        buttons.append((Button(f"可能已办结 {perhaps_done} 件", "perhaps"),))
    buttons += [
        (Button(f"看 {short_number(case)}", f"case:{case.id}"),)
        for case, _ in figures.late[:LISTED_WITH_BUTTONS]
    ]
    return Reply(
        lines.text,
        headings=lines.headings,
        table=counts_table(figures),
        buttons=(*buttons, (PRESSING, Button("超期原因", "casecauses"), MENU)),
        then=(trend,),
    )


def pressing_reply(
    entries: Sequence[tuple[Case, Standing]],
    page: int,
    as_of: datetime | None,
    viewer: Viewer,
    *,
    stale: bool,
) -> Reply:
    """List every late case and those about to be, worst first, a page at a time."""
    buttons = ((Button("超期情况", "overdue"), MENU),)
    lines = Lines()
    lines.add(as_of_words(as_of, stale=stale))
    if not entries:
        lines.add("数据太旧，不能当作没有。" if stale else "没有超期和快到期的。")
        return Reply(lines.text, buttons=buttons)
    shown, turns = page_of(entries, page, "pressing")
    lines.heading(f"超期和快到期 {len(entries)} 件，最急的在前{page_words(entries, page)}")
    lines.numbered(
        f"{standing_words(s)}｜{case_words(c, discreet=viewer.discreet)}｜{c.unit_name}"
        for c, s in shown
    )
    rows = [
        tuple(Button(f"看 {short_number(c)}", f"case:{c.id}") for c, _ in shown[n : n + 3])
        for n in range(0, len(shown), 3)
    ]
    return Reply(lines.text, headings=lines.headings, buttons=(*rows, *turns, *buttons))


def _counts_words(row: UnitCounts) -> str:
    return (
        f"🟢 在办 {row.on_track}，🟡 即将超期 {row.due_soon}，🔴 超期 {row.late}"
        f"（其中达红牌标准 {row.long_overdue}），⚪ 挂起或待补正 {row.still}"
    )


def _rate_words(rate: Rate) -> str:
    return f"{rate.text()}（{rate.numerator}/{rate.denominator}）"


def counts_table(figures: Supervision) -> Table:
    """Return the lights by unit."""
    rows = tuple(
        (
            r.unit,
            str(r.on_track),
            str(r.due_soon),
            str(r.overdue),
            str(r.long_overdue),
            str(r.still),
        )
        for r in (*figures.rows, figures.total)
    )
    return Table(("单位", "🟢在办", "🟡即将超期", "🔴超期", "🔴达红牌标准", "⚪停表"), rows)


# -- acts of the office


def act_words(act: Act) -> str:
    """Name an act."""
    return ACT_WORDS[act.kind] + ("（红牌）" if act.red_card else "")


def decline_words(reason: str) -> str:
    """Say why an act was declined: one of the common reasons, or the supervisor's own words."""
    return DECLINE_WORDS[DeclineReason(reason)] if reason in set(DeclineReason) else reason


def act_title(act: Act) -> str:
    """Return the heading of a released act."""
    return ACT_TITLES[act.kind] + ("（红牌）" if act.red_card else "")


def act_told_reply(
    act: Act,
    case: Case,
    standing: Standing,
    told: Sequence[Told],
    released_by: Person | None,
    viewer: Viewer,
) -> Reply:
    """Tell everyone concerned of a released act, with the reminders that went before."""
    lines = Lines()
    lines.heading(act_title(act))
    lines.add(case_words(case, discreet=viewer.discreet))
    lines.add(f"单位：{case.unit_name}")
    lines.add(
        f"{format_day(case.accepted_on)}受理，承诺 {case.limit_days} 个工作日，"
        f"{standing_words(standing)}"
    )
    before = reminded_before(act, told)
    if before:
        lines.add(f"此前提醒 {len(before)} 次，最近 {format_moment(before[-1])}。")
    lines.add("请马上办结，并说明超期原因。")
    if act.decided_at is not None and released_by is not None:
        lines.add(f"签发：{person_words(released_by, viewer)}，{format_moment(act.decided_at)}")
    rows = _work_buttons(case, standing) if viewer.works else []
    rows.append((Button("看这件", f"case:{case.id}"), MENU))
    return Reply(lines.text, headings=lines.headings, buttons=tuple(rows))


def reminded_before(act: Act, told: Sequence[Told]) -> list[datetime]:
    """Return when somebody was reminded before an act was released; one run counts once."""
    released_at = act.decided_at
    return sorted(
        {
            t.decided_at
            for t in told
            if t.sent_at is not None
            and t.kind not in NO_REMINDERS
            and (released_at is None or t.decided_at < released_at)
        }
    )


# -- what the administrator hears


JOB_WORDS = {"overdue": "办件提醒", "summary": "当日小结", "full-day": "全天数"}


def caught_up_reply(job: str, slots: Sequence[datetime], at: datetime, messages: int) -> Reply:
    """Report runs that were missed and made up for, by day; today's need no day."""
    named = JOB_WORDS.get(job, job)
    by_day: dict[date, list[str]] = {}
    for slot in slots:
        by_day.setdefault(slot.date(), []).append(f"{slot:%H:%M}")
    today = "、".join(by_day.pop(at.date(), []))
    days = [f"{day:%m-%d} {'、'.join(times)}" for day, times in by_day.items()]
    if len(days) > MOST_DAYS:
        days = [*days[: MOST_DAYS - 1], f"…到 {days[-1]}（共 {len(slots)} 次）"]
    made_up = f"{at:%H:%M}" if today else f"{at:%m-%d %H:%M}"
    missed = "，".join([*days, today] if today else days)
    return Reply(f"{named} {missed} 未运行，{made_up} 补发 {messages} 条。")


def calendar_missing_reply(year: int) -> Reply:
    """Warn that next year's arrangement of working days is not known yet."""
    return Reply(
        f"{year} 年的放假安排还没有录入：跨年的到期日都是暂定，不能据此发红牌、通报。"
        "国务院通知公布后请运行：python -m bot calendar import 文件"
    )


def days_moved_reply(
    moved: Sequence[tuple[Case, date, date]], number: int, viewer: Viewer
) -> Reply:
    """Tell a handler which of their cases are due earlier since a year's holidays are known."""
    lines = Lines()
    lines.add(f"放假安排公布，您有 {number} 件的到期日提前了：")
    lines.bullets(
        f"{case_words(case, discreet=viewer.discreet)}：{format_day(before)} → {format_day(after)}"
        for case, before, after in moved[:LONGEST_BLOCK]
    )
    if number > LONGEST_BLOCK:
        lines.add("其余发“我的办件”看。")
    return Reply(lines.text, buttons=((MINE, MENU),))


def moved_to_me_reply(number: int, note: str) -> Reply:
    """Tell somebody which open cases a rotation brought them."""
    return Reply(f"轮岗移交给您 {number} 件在办件。{note}", buttons=((MINE, MENU),))


def moved_away_reply(number: int, note: str) -> Reply:
    """Tell somebody that their open cases went over in a rotation."""
    return Reply(f"轮岗移交走您的 {number} 件在办件，不再提醒您。{note}", buttons=((MENU,),))
