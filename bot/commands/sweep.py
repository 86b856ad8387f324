"""sweep: one run of a job now, or (--dry-run) what it would do."""

from __future__ import annotations

from collections.abc import Iterable

import click

from bot.certificates import run_certificates
from bot.commands.options import Context, common_options
from bot.commands.output import print_json, print_table
from bot.daily import sweep_all
from bot.desk import Desk
from bot.dialogue import Recipient, Table
from bot.oversight import run_overdue
from bot.records import people
from bot.records.roster import Roster
from bot.reports.certificates import kinds_of, rules_of
from bot.views.case_proof import recipient_words
from bot.views.cases import KIND_WORDS
from bot.views.certificates import LEVEL_WORDS, event_words
from bot.views.rectifications import KINDS, STEPS
from bot.views.refusals import ROLE_NAMES
from reminders.certificate_sweep import Decision as CertificateDecision
from reminders.certificate_sweep import decide_certificates
from reminders.overdue import recipient_key
from reminders.rectification_sweep import RectificationDecision, decide_rectifications
from reminders.sweep import Decision, decide_overdue

MOST_SHOWN = 100


@click.group()
@common_options
def sweep(settings: Context) -> None:
    """现在跑一次提醒。"""
    del settings


@sweep.command()
@click.option("--dry-run", is_flag=True, help="只看会告诉谁什么，不发")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def overdue(settings: Context, dry_run: bool, as_json: bool) -> None:
    """办件时限：该提醒、催办的人和事；督办、通报只拟稿。

    \b
    例：python -m bot sweep overdue --dry-run
    """
    desk = settings.desk()
    if dry_run:
        rules, roster = desk.settings.oversight.rules(), Roster(desk.db)
        swept = decide_overdue(desk.db, desk.calendar, rules, now=desk.now(), staffing=roster)
    else:
        swept = run_overdue(desk, desk.db)
    if swept.slot_at is None:
        click.echo("现在不是工作日的发送时间，什么也不发。", err=True)
    names = _names(desk, (d.recipient for d in swept.decisions))
    if as_json:
        print_json([_json(decision, names) for decision in swept.decisions])
        return
    print_table(_table(swept.decisions, names))
    done = "会告诉" if dry_run else "已告诉"
    click.echo(f"{done} {len(swept.decisions)} 条，新拟督办、通报 {len(swept.drafts)} 件。")


def _names(desk: Desk, recipients: Iterable[Recipient]) -> dict[int, str]:
    """Return what each person among some recipients is called: by name, else by number."""
    known = people.people_by_id(desk.db, {one.person_id for one in recipients})
    return {p.id: f"{ROLE_NAMES[p.role]} {p.name or f'{p.id} 号'}" for p in known}


def _json(decision: Decision, names: dict[int, str]) -> dict[str, str]:
    return {
        "kind": decision.kind,
        "subject": decision.case.number,
        "level": decision.standing.stage,
        "recipient": recipient_words(recipient_key(decision.recipient), names),
        "due_on": decision.standing.due_on.isoformat(),
    }


def _table(decisions: tuple[Decision, ...], names: dict[int, str]) -> Table:
    rows = tuple(
        (
            d.case.number,
            KIND_WORDS[d.kind],
            recipient_words(recipient_key(d.recipient), names),
            d.standing.due_on.isoformat(),
        )
        for d in decisions
    )
    return Table(("办件编号", "什么", "谁", "到期日"), rows)


@sweep.command()
@click.option("--dry-run", is_flag=True, help="只看会告诉谁什么，不发")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def certificates(settings: Context, dry_run: bool, as_json: bool) -> None:
    """证照到期：该提前提示、预警、紧急提醒的证和人。

    \b
    例：python -m bot sweep certificates --dry-run
    """
    desk = settings.desk()
    if dry_run:
        kinds, rules = kinds_of(desk.base), rules_of(desk.settings)
        decided = decide_certificates(desk.db, desk.calendar, kinds, rules, now=desk.now())
        decisions = tuple(decided)
    else:
        decisions = run_certificates(desk, desk.db).decisions
    if as_json:
        print_json([_certificate_json(desk, decision) for decision in decisions])
        return
    print_table(_certificate_table(desk, decisions[:MOST_SHOWN]))
    if len(decisions) > MOST_SHOWN:
        click.echo(f"只列前 {MOST_SHOWN} 条；全部用 --json 看。")
    people_told = len({d.person_id for d in decisions if d.person_id is not None})
    done = "会有" if dry_run else "已有"
    click.echo(f"{done} {len(decisions)} 项到点，其中持证人 {people_told} 个（一人一条消息）。")


@sweep.command()
@click.option("--dry-run", is_flag=True, help="只看会告诉谁什么，不发")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def rectifications(settings: Context, dry_run: bool, as_json: bool) -> None:
    """差评整改：该联系、整改、回访的件和人。

    \b
    例：python -m bot sweep rectifications --dry-run
    """
    desk = settings.desk()
    if dry_run:
        swept = decide_rectifications(
            desk.db,
            desk.calendar,
            desk.settings.rectification_rules(),
            desk.settings.oversight.rules(),
            now=desk.now(),
            resolve=Roster(desk.db).resolve,
        )
    else:
        swept = sweep_all(desk)
    if swept.slot_at is None:
        click.echo("现在不是工作日的发送时间，什么也不发。", err=True)
    names = _names(desk, (d.recipient for d in swept.decisions))
    if as_json:
        print_json([_rectification_json(decision, names) for decision in swept.decisions])
        return
    rows = tuple(
        (
            d.rectification.number,
            STEPS[d.deadline.step],
            KINDS[d.kind],
            recipient_words(recipient_key(d.recipient), names),
            d.deadline.due_on.isoformat(),
        )
        for d in swept.decisions
    )
    print_table(Table(("整改编号", "哪一步", "什么", "谁", "到期日"), rows))
    done = "会告诉" if dry_run else "已告诉"
    click.echo(f"{done} {len(swept.decisions)} 条，新拟督办、通报 {len(swept.drafts)} 件。")


def _rectification_json(decision: RectificationDecision, names: dict[int, str]) -> dict[str, str]:
    return {
        "kind": decision.kind,
        "subject": decision.rectification.number,
        "level": decision.deadline.step,
        "recipient": recipient_words(recipient_key(decision.recipient), names),
        "due_on": decision.deadline.due_on.isoformat(),
    }


def _certificate_json(desk: Desk, decision: CertificateDecision) -> dict[str, str | None]:
    return {
        "kind": decision.event,
        "subject": decision.number,
        "level": decision.level,
        "recipient": _told(desk, decision),
        "due_on": decision.due_on.isoformat(),
    }


def _told(desk: Desk, decision: CertificateDecision) -> str:
    if decision.person_id is not None:
        return f"持证人 {decision.person_id} 号"
    known = desk.base.departments.get(decision.department or "")
    return known.name if known else decision.department or "未登记部门"


def _certificate_table(desk: Desk, decisions: tuple[CertificateDecision, ...]) -> Table:
    rows = tuple(
        (
            d.number,
            LEVEL_WORDS[d.level] if d.level else "",
            event_words(d.event),
            _told(desk, d),
            d.due_on.isoformat(),
        )
        for d in decisions
    )
    return Table(("证照编号", "等级", "什么", "谁", "最晚申请日"), rows)
