"""case: the proof of one case or of all of a period, and what stops or extends its clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from bot.commands.options import (
    PROBLEMS_FOUND,
    WRONG_USE,
    Context,
    common_options,
    day_option,
    fail,
    named_part,
    noted,
)
from bot.commands.output import print_json, print_reply
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import STAFF, Refusal, Scope
from bot.records import people
from bot.records.audit import OPERATOR, Deed, record_deed
from bot.reports.oversight import Proof, proof_of, reminder_rates
from bot.reports.unit_sheet import causes_by_month
from bot.views.case_proof import proof_reply
from bot.views.cases import Viewer
from bot.views.proof_sheet import proof_sheet
from bot.views.refusals import refusal_reply
from reminders import case_work
from reminders.case_work import NotAllowed, Procedure
from reminders.cases import Case, case_by_number, cases_in_progress_since, data_as_of, imports
from reminders.overdue import due_day, standing_of


@click.group()
@common_options
def case(settings: Context) -> None:
    """一件办件：提醒记录、挂起、恢复、延期。"""
    del settings


@case.command()
@click.argument("number", required=False)
@click.option(
    "--all",
    "all_to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="一段时间里全部办件的提醒记录，写到这个 xlsx",
)
@day_option("--from", "from_", help_="和 --all 一起：从哪天；缺省本月 1 日")
@day_option("--to", help_="和 --all 一起：到哪天；缺省今天")
@click.option("--district", help="和 --all 一起：区县，任何常用叫法；缺省全市")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def proof(
    settings: Context,
    number: str | None,
    all_to: Path | None,
    from_: datetime | None,
    to: datetime | None,
    district: str | None,
    as_json: bool,
) -> None:
    """提醒记录：什么时候生成、送达、签收，谁签发了什么。

    \b
    例：
      python -m bot case proof 410202250124001234 --json
      python -m bot case proof --all 提醒记录.xlsx --from 2025-01-01 --to 2025-02-28
    """
    desk = settings.desk()
    if (number is None) == (all_to is None):
        fail("写一个办件编号，或写 --all 文件.xlsx，只写一个。", WRONG_USE)
    if all_to is not None:
        first_on = from_.date() if from_ else desk.today().replace(day=1)
        last_on = to.date() if to else desk.today()
        if first_on > last_on or last_on > desk.today():
            fail("起止日期不对：先早后晚，不晚于今天。", WRONG_USE)
        _export(desk, all_to, first_on, last_on, named_part(desk, district))
        return
    assert number is not None
    noted(desk, Deed.SAW, f"caseproof:{_found(desk, number).id}")
    found = proof_of(desk.db, _found(desk, number))
    if as_json:
        print_json(_json(found))
        return
    involved = {t.person_id for t in found.told} | {e.by_person_id for e in found.events}
    known = {p.id: p for p in people.people_by_id(desk.db, involved)}
    print_reply(proof_reply(found, known, Viewer(discreet=False, works=False)))


@case.command()
@click.argument("number")
@click.option(
    "--procedure", required=True, type=click.Choice([p.value for p in Procedure]), help="特别程序"
)
@click.option("--document", required=True, help="依据文书")
@day_option("--from", "from_", help_="从哪天起停表；缺省今天")
@common_options
def suspend(
    settings: Context, number: str, procedure: str, document: str, from_: datetime | None
) -> None:
    """挂起：听证、检验、鉴定等特别程序期间不计时（行政许可法第四十五条）。"""
    desk = settings.desk()

    def change(found: Case) -> Case:
        return case_work.suspend_case(
            desk.db,
            found,
            Procedure(procedure),
            document,
            begins_on=from_.date() if from_ else desk.today(),
            by_person_id=None,
            site_visit_counts=desk.settings.oversight.suspend_site_visit,
            now=desk.now(),
        )

    _change(desk, number, change)
    click.echo("已挂起，恢复前不计时。")


@case.command()
@click.argument("number")
@day_option("--until", help_="最后一个停表的整天；缺省今天")
@common_options
def resume(settings: Context, number: str, until: datetime | None) -> None:
    """恢复计时。"""
    desk = settings.desk()
    ends_on = until.date() if until else desk.today()
    changed = _change(
        desk,
        number,
        lambda found: case_work.resume_case(
            desk.db, found, ends_on=ends_on, by_person_id=None, now=desk.now()
        ),
    )
    click.echo(f"已恢复计时，{due_day(changed, desk.calendar, desk.today())} 到期。")


@case.command()
@click.argument("number")
@click.argument("days", type=click.IntRange(1))
@click.option("--approver", required=True, help="批准的负责人")
@click.option("--reason", required=True, help="理由")
@click.option("--proof", "told", required=True, help="已告知申请人的凭据")
@click.option("--joint", is_flag=True, help="联合办理，最多 15 个工作日")
@common_options
def extend(
    settings: Context, number: str, days: int, approver: str, reason: str, told: str, joint: bool
) -> None:
    """延期一次，须在到期之前（行政许可法第四十二条，最多 10 个工作日）。"""
    desk = settings.desk()

    def change(found: Case) -> Case:
        return case_work.extend_case(
            desk.db,
            found,
            days,
            due_on=due_day(found, desk.calendar, desk.today()),
            approver=approver,
            reason=reason,
            proof=told,
            joint=joint,
            by_person_id=None,
            now=desk.now(),
        )

    changed = _change(desk, number, change)
    click.echo(f"已延期，{due_day(changed, desk.calendar, desk.today())} 到期。")


def _export(desk: Desk, path: Path, from_on: date, to_on: date, district: str | None) -> None:
    """Write the proof of every case that was in progress in a period."""
    noted(desk, Deed.EXPORTED, f"caseproof:{from_on}:{to_on}")
    rules, scope = desk.settings.oversight.rules(), Scope(district)
    known = [
        found
        for found in cases_in_progress_since(desk.db, scope, from_on)
        if found.accepted_on <= to_on
    ]
    everyone = [p for role in STAFF for p in people.everyone_with_role(desk.db, role)]
    content = proof_sheet(
        ((proof_of(desk.db, c), standing_of(c, desk.calendar, rules, to_on)) for c in known),
        people={person.id: person for person in everyone},
        rates=reminder_rates(desk.db, known, desk.calendar, from_on, to_on),
        months=causes_by_month(known, desk.calendar, rules, from_on, to_on),
        period=f"{district or '全市'} {from_on} 至 {to_on} 在办过的办件 {len(known)} 件",
        as_of=data_as_of(imports(desk.db), district),
    )
    try:
        path.write_bytes(content)
    except OSError as error:
        fail(f"写不到 {path.name}：{error.strerror}；请换个地方。", WRONG_USE)
    click.echo(f"{len(known)} 件的提醒记录写在 {path}。含姓名和完整编号，请妥善保管。")


def _found(desk: Desk, number: str) -> Case:
    found = case_by_number(desk.db, number.strip())
    if found is None:
        fail(f"没有编号是 {number} 的办件，请核对。", PROBLEMS_FOUND)
    return found


def _change(desk: Desk, number: str, change: Callable[[Case], Case]) -> Case:
    """Change a case in one transaction, or end with the reason why not."""
    with transaction(desk.db):
        found = _found(desk, number)
        record_deed(desk.db, OPERATOR, Deed.CHANGED, f"case:{found.id}", now=desk.now())
        try:
            return change(found)
        except NotAllowed as refused:
            fail(refusal_reply(Refusal(f"case_{refused.reason}")).text, PROBLEMS_FOUND)


def _json(found: Proof) -> dict[str, Any]:
    return {
        "number": found.case.number,
        "told": [
            {
                "kind": t.kind,
                "recipient": t.recipient,
                "person_id": t.person_id,
                "decided_at": t.decided_at.isoformat(),
                "sent_at": _instant(t.sent_at),
                "sent_as": t.sent_as,
                "failed_at": _instant(t.failed_at),
                "failure": t.failure,
                "acknowledged_at": _instant(t.acknowledged_at),
            }
            for t in found.told
        ],
        "acts": [
            {
                "kind": a.kind,
                "red_card": a.red_card,
                "drafted_at": a.drafted_at.isoformat(),
                "decision": a.decision,
                "decided_at": _instant(a.decided_at),
                "decided_by": a.decided_by,
                "reason": a.reason,
            }
            for a in found.acts
        ],
        "events": [
            {"at": e.at.isoformat(), "kind": e.kind, "by": e.by_person_id, **e.facts}
            for e in found.events
        ],
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
