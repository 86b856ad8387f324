"""roster: leave with a deputy, and the monthly rotation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click

from bot.commands.options import (
    PROBLEMS_FOUND,
    WRONG_USE,
    Context,
    common_options,
    day_option,
    fail,
    named_district,
)
from bot.commands.output import print_json, print_table
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, Scope, Table
from bot.records.audit import OPERATOR, Deed, record_deed
from bot.records.roster import Member, member_by_number, set_leave
from bot.rotation import Handover, has_rotated, plan_rotation, rotate
from bot.views.roster import rotation_note


@click.group()
@common_options
def roster(settings: Context) -> None:
    """花名册：请假、代班、轮岗。"""
    del settings


@roster.command()
@click.argument("number", metavar="工号")
@day_option("--from", "from_", help_="请假第一天；缺省今天")
@day_option("--to", help_="请假最后一天")
@click.option("--deputy", help="代班人的工号；不写用名册里的")
@click.option("--end", is_flag=True, help="结束请假，回岗")
@common_options
def leave(
    settings: Context,
    number: str,
    from_: datetime | None,
    to: datetime | None,
    deputy: str | None,
    end: bool,
) -> None:
    """登记请假和代班人：请假期间，办件提醒发给代班人。

    \b
    例：
      python -m bot roster leave A001 --from 2025-02-06 --to 2025-02-10 --deputy A002
      python -m bot roster leave A001 --end
    """
    desk = settings.desk()
    member = _known(desk, number)
    if end == (to is not None):
        fail("--to（请到哪天）和 --end（结束请假）要写一个、只写一个。", WRONG_USE)
    if end:
        with transaction(desk.db):
            set_leave(desk.db, member.number, None, None, None)
            _write_down(desk, f"leave:{member.number}")
        click.echo(f"{member.name} 回岗，提醒照常发给本人。")
        return
    assert to is not None
    from_on = from_.date() if from_ else desk.today()
    if to.date() < from_on:
        fail("最后一天在第一天前面，请核对日期。", WRONG_USE)
    stand_in = _known(desk, deputy) if deputy else None
    if stand_in is not None and stand_in.number == member.number:
        fail("不能给自己代班，请换一个工号。", WRONG_USE)
    with transaction(desk.db):
        set_leave(desk.db, member.number, from_on, to.date(), stand_in.number if stand_in else None)
        _write_down(desk, f"leave:{member.number}")
    click.echo(f"{member.name} {from_on} 至 {to.date()} 请假，{_instead(desk, number)}")


def _write_down(desk: Desk, subject: str) -> None:
    record_deed(desk.db, OPERATOR, Deed.CHANGED, subject, now=desk.now())


def _known(desk: Desk, number: str) -> Member:
    member = member_by_number(desk.db, number.strip())
    if member is None:
        fail(f"名册里没有工号 {number}；请核对，或先 import staff。", WRONG_USE)
    return member


def _instead(desk: Desk, number: str) -> str:
    member = _known(desk, number)
    deputy = member_by_number(desk.db, member.deputy_number or "")
    if deputy is None:
        return "没有代班人：办件提醒发给窗口负责人。"
    unbound = "" if deputy.person_id is not None else "（还没绑定，先发给窗口负责人）"
    return f"{deputy.name} 代班{unbound}。"


@roster.command("rotate")
@click.option("--district", help="区县，任何常用叫法；不写是全市")
@click.option("--note", help="交接说明；缺省写哪个月、哪组交哪组")
@click.option("--dry-run", is_flag=True, help="只看谁交给谁，不移交")
@click.option("--again", is_flag=True, help="这个月轮过了也再轮一次")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def rotate_(
    settings: Context,
    district: str | None,
    note: str | None,
    dry_run: bool,
    again: bool,
    as_json: bool,
) -> None:
    """每月轮岗：同一单位里各组依次换岗，在办件带交接说明移交。

    \b
    组名在 config.yaml 的 rotation.groups；人在哪组看名册的“组”列。
    例：python -m bot roster rotate --dry-run
    """
    desk = settings.desk()
    canonical = named_district(desk, district)
    groups, month = desk.settings.rotation.groups, desk.today()
    if has_rotated(desk.db, month, canonical) and not (again or dry_run):
        fail(f"{month:%Y-%m} 已经轮过岗；再轮一次会换回去，确实要请加 --again。", PROBLEMS_FOUND)
    plan = plan_rotation(desk.db, groups, Scope(canonical) if canonical else CITY)
    if as_json:
        print_json([_json(handover) for handover in plan])
    else:
        print_table(_table(plan))
    if not plan:
        fail(
            f"没有可轮的人：名册的“组”列要写 {'、'.join(groups)}，一个单位至少两组。",
            PROBLEMS_FOUND,
        )
    if dry_run:
        click.echo("试看，没有移交。", err=True)
        return
    words = note or rotation_note(month, groups)
    with transaction(desk.db):
        _write_down(desk, f"rotate:{month:%Y-%m}")
    moved = rotate(desk, plan, month, words, district=canonical)
    stuck = sum(len(h.cases) for h in plan if not h.may_move)
    click.echo(f"已轮岗 {len(plan)} 人，移交 {moved} 件。", err=as_json)
    if stuck:
        click.echo(f"接手人还没绑定，{stuck} 件没有移交，照旧提醒原经办人。", err=True)


def _table(plan: Sequence[Handover]) -> Table:
    rows = tuple(
        (
            h.leaving.unit or h.leaving.scope.district or "",
            f"{h.leaving.name}（{h.leaving.number}）",
            f"{h.leaving.team} → {h.team}",
            f"{h.arriving.name}（{h.arriving.number}）",
            str(len(h.cases)) if h.may_move else f"{len(h.cases)}（未绑定，不移交）",
        )
        for h in plan
    )
    return Table(("单位", "谁", "换组", "在办件交给", "件数"), rows)


def _json(handover: Handover) -> dict[str, object]:
    return {
        "from": handover.leaving.number,
        "to": handover.arriving.number,
        "old_team": handover.leaving.team,
        "new_team": handover.team,
        "cases": len(handover.cases),
        "may_move": handover.may_move,
    }
