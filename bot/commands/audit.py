"""audit: the log of who saw, changed and exported what."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from bot.commands.options import WRONG_USE, Context, common_options, day_option, fail, noted
from bot.commands.output import print_json, print_table
from bot.desk import Desk
from bot.dialogue import CITY, Table
from bot.records import people
from bot.records.audit import GROUPS, Deed, DeedGroup, Wanted, deeds_within
from bot.reports.audit import number_tails
from bot.views.audit import ROW_HEADER, audit_row

SHOWN_DAYS = 7
MOST_LINES = 100_000


@click.command()
@day_option("--from", "from_", help_="从哪天；缺省 7 天前")
@day_option("--to", help_="到哪天；缺省今天")
@click.option("--person", help="谁：姓名，或账号编号；0 是命令行")
@click.option(
    "--action",
    type=click.Choice([group.value for group in DeedGroup]),
    help="看（saw）、改（changed）、导出（exported）、没让改（refused）",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def audit(
    settings: Context,
    from_: datetime | None,
    to: datetime | None,
    person: str | None,
    action: str | None,
    as_json: bool,
) -> None:
    """操作记录：谁看了、改了、导出了什么；新的在前，只能看，不能改。

    \b
    例：
      python -m bot audit --from 2025-01-01 --to 2025-01-31
      python -m bot audit --person 赵某 --action exported --json
    """
    desk = settings.desk()
    to_on = to.date() if to else desk.today()
    from_on = from_.date() if from_ else to_on - timedelta(days=SHOWN_DAYS - 1)
    if from_on > to_on:
        fail("--from 晚于 --to，请对调。", WRONG_USE)
    wanted = Wanted(
        deeds=GROUPS[DeedGroup(action)] if action else tuple(Deed),
        person_ids=_person_ids(desk, person),
        from_on=from_on,
        to_on=to_on,
    )
    found = deeds_within(desk.db, CITY, wanted, limit=MOST_LINES)
    noted(desk, Deed.SAW_AUDIT, f"audit:{from_on}:{to_on}")
    known = {p.id: p for p in people.people_by_id(desk.db, {e.person_id for e in found})}
    if as_json:
        print_json(
            [
                {
                    "at": entry.at.isoformat(),
                    "person_id": entry.person_id,
                    "name": known[entry.person_id].name if entry.person_id in known else None,
                    "role": entry.role,
                    "district": entry.scope.district,
                    "department": entry.scope.department,
                    "window": entry.scope.window,
                    "action": entry.deed,
                    "subject": entry.subject,
                    "reason": entry.reason,
                }
                for entry in found
            ]
        )
        return
    tails = number_tails(desk.db, found)
    rows = tuple(audit_row(desk.base, e, known, tails.get(e.subject)) for e in found)
    print_table(Table(ROW_HEADER, rows))
    click.echo(f"{from_on} 至 {to_on}，{len(found)} 条。")


def _person_ids(desk: Desk, person: str | None) -> tuple[int, ...] | None:
    if person is None:
        return None
    if person.isdecimal():
        return (int(person),)
    found = tuple(p.id for p in people.people_named(desk.db, person))
    if not found:
        fail(f"没有叫 {person} 的人；也可以写账号编号（操作记录里有）。", WRONG_USE)
    return found
