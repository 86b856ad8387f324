"""certificates: the register by kind, department and level."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bot.commands.options import (
    WRONG_USE,
    Context,
    common_options,
    fail,
    named_department,
    noted,
)
from bot.commands.output import print_json, print_table
from bot.dialogue import Person, Role, Scope, Table
from bot.handlers.certificates import sheet
from bot.records.audit import Deed
from bot.reports.certificates import at_level, kinds_of, rules_of, shown
from bot.views.certificates import level_words, sheet_row
from knowledge.model import KnowledgeBase
from reminders.certificate_figures import LevelCounts, count_levels
from reminders.certificate_rules import Level
from reminders.certificates import UNREGISTERED

MOST_SHOWN = 50
_SHOWN_COLUMNS = (1, 2, 6, 7, 8)


@click.command()
@click.option("--level", type=click.Choice([level.value for level in Level]), help="只看一级")
@click.option("--department", help="部门编号或名称，见 departments.yaml")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option(
    "--export",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="把全部到级的证照写成 Excel，不限行数；导出记入日志",
)
@common_options
def certificates(
    settings: Context, level: str | None, department: str | None, as_json: bool, file: Path | None
) -> None:
    """快到期和已过期的证照，按种类、部门、三色。

    \b
    例：
      python -m bot certificates --department market --export 证照.xlsx
      python -m bot certificates --department market
      python -m bot certificates --level urgent --json
    """
    desk = settings.desk()
    if file is not None:
        if as_json or level:
            fail("--export 写的是全部到级的证照，不和 --level、--json 一起用。", WRONG_USE)
        scope = Scope(None, named_department(desk.base, department) if department else None)
        content, count = sheet(desk, Person(0, Role.ADMINISTRATOR, scope))
        file.write_bytes(content)
        click.echo(f"写好了：{file.name}，{count} 行。")
        return
    rules, kinds = rules_of(desk.settings), kinds_of(desk.base)
    scope = Scope(None, named_department(desk.base, department) if department else None)
    chosen = Level(level) if level else None
    noted(desk, Deed.SAW_LIST, "certlist")
    counted = count_levels(desk.db, desk.calendar, kinds, rules, scope, desk.today())
    rows = [c for c in counted if (c.at(chosen) if chosen else sum(map(c.at, Level)))]
    if as_json:
        print_json(_json(rows, tuple(Level) if chosen is None else (chosen,)))
        return
    palette = desk.settings.certificate.palette
    header = ("种类", "部门", *(level_words(palette, one) for one in Level))
    print_table(
        Table(
            header,
            tuple(
                (
                    desk.base.certificates[c.kind_key].name
                    if c.kind_key in desk.base.certificates
                    else f"{c.kind_key.removeprefix(UNREGISTERED)}（规则未登记）",
                    _department_name(desk.base, c.department),
                    *(str(c.at(one)) for one in Level),
                )
                for c in rows
            ),
        )
    )
    if chosen is not None:
        found = [shown(desk, c) for c in at_level(desk, scope, chosen, limit=MOST_SHOWN)]
        listed = [[str(sheet_row(one, palette)[n]) for n in _SHOWN_COLUMNS] for one in found]
        columns = ("种类", "证照编号", "有效期至", "剩余天数", "最晚申请日")
        print_table(Table(columns, tuple(tuple(row) for row in listed)))


def _department_name(base: KnowledgeBase, department: str | None) -> str:
    known = base.departments.get(department or "")
    return known.name if known else department or "未写"


def _json(rows: list[LevelCounts], levels: Sequence[Level]) -> dict[str, Any]:
    """Return the counts of what was asked for; of the other levels nothing is in the selection."""

    def counted(row: LevelCounts, level: Level) -> int:
        return row.at(level) if level in levels else 0

    return {
        "rows": [
            {
                "kind": row.kind_key.removeprefix(UNREGISTERED),
                "department": row.department,
                **{level.value: counted(row, level) for level in Level},
            }
            for row in rows
        ],
        "total": {level.value: sum(counted(row, level) for row in rows) for level in Level},
    }
