"""Leave and deputies in words; where names may not go, the 工号 stands for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.dialogue import Button, Reply
from bot.records.roster import Member
from bot.views.text import Lines, format_day

MENU = Button("菜单", "menu")
ALL = Button("全部人员", "leave")
MOST_SHOWN = 20
LEAVES = (("今天", 1), ("3 天", 3), ("7 天", 7), ("15 天", 15))


def _name(member: Member, *, discreet: bool) -> str:
    return f"工号 {member.number}" if discreet else f"{member.name}（{member.number}）"


def _state(member: Member, today: date) -> str:
    on = member.leave_to_on
    if on is None or on < today or member.leave_from_on is None:
        return "在岗"
    return f"请假 {format_day(member.leave_from_on)}至{format_day(on)}"


def rotation_note(month: date, groups: Sequence[str], *, made_up_on: date | None = None) -> str:
    """Return the hand-over note of a month's rotation, unless somebody wrote one."""
    late = f"，{format_day(made_up_on)}补" if made_up_on else ""
    return f"{month.year}年{month.month}月轮岗（{'、'.join(groups)}轮换{late}）"


def staff_reply(staff: Sequence[tuple[str, Member]], today: date, *, discreet: bool) -> Reply:
    """List the staff, each with where they stand."""
    if not staff:
        return Reply("名册里没有您的人员，请先导入人员名册。", buttons=((MENU,),))
    lines = Lines()
    lines.heading("请假、代班")
    lines.add("点人登记，或发“请假 2月10日到2月12日”；请假期间提醒发给代班人。")
    names = {member.number: _name(member, discreet=discreet) for _, member in staff}
    for _, member in staff[:MOST_SHOWN]:
        deputy = names.get(member.deputy_number or "", member.deputy_number or "没有")
        lines.bullets([f"{names[member.number]}：{_state(member, today)}，代班 {deputy}"])
    if len(staff) > MOST_SHOWN:
        lines.add(f"另有 {len(staff) - MOST_SHOWN} 人没列出，请在命令行登记（roster leave）。")
    buttons = [
        (Button(names[member.number], f"leave:{key}"),) for key, member in staff[:MOST_SHOWN]
    ]
    return Reply(lines.text, headings=lines.headings, buttons=(*buttons, (MENU,)))


def member_reply(
    key: str, member: Member, stand_in: Member | None, today: date, *, discreet: bool
) -> Reply:
    """Show one member and what may be noted; warn of a deputy who is away at the same time."""
    deputy = f"工号 {member.deputy_number}" if member.deputy_number else "没有，转给窗口负责人"
    away = member.leave_to_on is not None and member.leave_to_on >= today
    upcoming = away and member.leave_from_on is not None and member.leave_from_on > today
    warning = "。注意：代班人那几天也请假，请换代班人" if _clashes(member, stand_in) else ""
    rows = [
        tuple(Button(f"请假 {words}", f"leaveset:{key}:{days}") for words, days in LEAVES[:2]),
        tuple(Button(f"请假 {words}", f"leaveset:{key}:{days}") for words, days in LEAVES[2:]),
        (
            Button("写日期", f"leavedays:{key}"),
            Button("取消请假" if upcoming else "回岗", f"leaveset:{key}:0"),
        ),
        (Button("换代班人" if member.deputy_number else "选代班人", f"deputy:{key}"),),
        (ALL, MENU),
    ]
    name = _name(member, discreet=discreet)
    return Reply(f"{name}：{_state(member, today)}；代班 {deputy}{warning}。", buttons=tuple(rows))


def _clashes(member: Member, stand_in: Member | None) -> bool:
    """Tell whether the deputy is away on a day of the member's leave."""
    if member.leave_from_on is None or member.leave_to_on is None or stand_in is None:
        return False
    if stand_in.leave_from_on is None or stand_in.leave_to_on is None:
        return False
    later = max(member.leave_from_on, stand_in.leave_from_on)
    return later <= min(member.leave_to_on, stand_in.leave_to_on)


def ask_days_reply(key: str, member: Member, *, discreet: bool) -> Reply:
    """Ask from when to when somebody is away."""
    return Reply(
        f"{_name(member, discreet=discreet)} 请假从哪天到哪天？请写成“2月10日到2月12日”，"
        "只请一天就写“2月10日”。",
        buttons=((Button("不登记了", f"leave:{key}"),),),
    )


def ask_days_again_reply(key: str, refused: Reply) -> Reply:
    """Say what was wrong with the days, and wait for them again."""
    return Reply(refused.text, buttons=((Button("不登记了", f"leave:{key}"),),))


def whose_leave_reply(
    staff: Sequence[tuple[str, Member]], from_on: date, to_on: date, *, discreet: bool
) -> Reply:
    """Ask whose leave the days written are."""
    if not staff:
        return Reply("名册里没有您的人员，请先导入人员名册。", buttons=((MENU,),))
    rows = [
        (Button(_name(m, discreet=discreet), f"leaveset:{key}:{from_on}:{to_on}"),)
        for key, m in staff[:MOST_SHOWN]
    ]
    days = format_day(from_on) + (f"至{format_day(to_on)}" if to_on != from_on else "")
    more = "没列出的，请连姓名一起写，如“请假 张三 2月10日”。" if len(staff) > MOST_SHOWN else ""
    return Reply(f"谁在{days}请假？{more}", buttons=(*rows, (MENU,)))


def deputies_reply(
    key: str, member: Member, others: Sequence[tuple[str, Member]], *, discreet: bool
) -> Reply:
    """Offer who may stand in."""
    if not others:
        return Reply("没有别的同事可以代班。", buttons=((ALL, MENU),))
    rows = [
        (Button(_name(other, discreet=discreet), f"deputy:{key}:{other_key}"),)
        for other_key, other in others[:MOST_SHOWN]
    ]
    return Reply(f"{_name(member, discreet=discreet)} 请谁代班？", buttons=(*rows, (ALL,)))
