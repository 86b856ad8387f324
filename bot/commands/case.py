"""case: the proof of one case, and what stops or extends its clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from bot.commands.options import PROBLEMS_FOUND, Context, common_options, day_option, fail
from bot.commands.output import print_json, print_reply
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Refusal
from bot.records import people
from bot.reports.oversight import Proof, proof_of
from bot.views.cases import Viewer, proof_reply
from bot.views.refusals import refusal_reply
from reminders import case_work
from reminders.case_work import NotAllowed, Procedure
from reminders.cases import Case, case_by_number
from reminders.overdue import due_day


@click.group()
@common_options
def case(settings: Context) -> None:
    """一件办件：提醒记录、挂起、恢复、延期。"""
    del settings


@case.command()
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def proof(settings: Context, number: str, as_json: bool) -> None:
    """提醒记录：什么时候生成、送达、签收，谁签发了什么。

    \b
    例：python -m bot case proof 410202250124001234 --json
    """
    desk = settings.desk()
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


def _found(desk: Desk, number: str) -> Case:
    found = case_by_number(desk.db, number.strip())
    if found is None:
        fail(f"没有编号是 {number} 的办件，请核对。", PROBLEMS_FOUND)
    return found


def _change(desk: Desk, number: str, change: Callable[[Case], Case]) -> Case:
    """Change a case in one transaction, or end with the reason why not."""
    with transaction(desk.db):
        try:
            return change(_found(desk, number))
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
