"""official: the province's 好差评, imported and shown beside ours, never added to ours."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from bot.commands.options import PROBLEMS_FOUND, Context, common_options, day_option, fail, noted
from bot.commands.output import print_json, print_table
from bot.database import transaction
from bot.dialogue import Table
from bot.importing.official import plan_official
from bot.importing.sheets import UnreadableFile, open_book
from bot.records.audit import OPERATOR, Deed
from bot.records.official_ratings import official_counts, put_official

MOST_PROBLEMS = 20


@click.group()
@common_options
def official(settings: Context) -> None:
    """省好差评：另外一张表，不与服务反馈相加。"""
    del settings


@official.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="只看会怎样，什么也不写")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def import_(settings: Context, file: Path, dry_run: bool, as_json: bool) -> None:
    """导入省平台导出的评价；再导一次什么也不变。

    \b
    例：python -m bot official import 省评价.xlsx --dry-run
    """
    desk = settings.desk()
    try:
        plan = plan_official(desk.base, open_book(file, file.name))
    except UnreadableFile as error:
        fail(str(error), PROBLEMS_FOUND)
    added = updated = unchanged = 0
    if not dry_run:
        noted(desk, Deed.CHANGED, f"official:import:{plan.read}")
        with transaction(desk.db):
            done = put_official(desk.db, plan.ratings, now=desk.now())
        added, updated, unchanged = done.added, done.updated, done.unchanged
    if as_json:
        print_json(
            {
                "file": file.name,
                "read": plan.read,
                "added": added,
                "updated": updated,
                "unchanged": unchanged,
                "refused": plan.read - len(plan.ratings),
                "problems": [
                    {"row": p.row, "column": p.column, "value": p.value, "problem": p.problem}
                    for p in plan.problems
                ],
            }
        )
    else:
        would = "会收" if dry_run else f"新增 {added}，更新 {updated}，不变 {unchanged}；收"
        click.echo(f"读 {plan.read} 行，{would} {len(plan.ratings)} 行。")
        for problem in plan.problems[:MOST_PROBLEMS]:
            click.echo(f"第 {problem.row} 行 {problem.column}：{problem.problem}", err=True)
    if plan.problems:
        raise click.exceptions.Exit(PROBLEMS_FOUND)


@official.command()
@day_option("--from", "from_", help_="从哪天")
@day_option("--to", help_="到哪天")
@common_options
def show(settings: Context, from_: datetime | None, to: datetime | None) -> None:
    """省好差评的数，按区县。"""
    desk = settings.desk()
    to_on = to.date() if to else desk.today()
    from_on = from_.date() if from_ else to_on.replace(day=1)
    noted(desk, Deed.SAW_FIGURES, f"official:{from_on}:{to_on}")
    counts = official_counts(desk.db, OPERATOR, from_on, to_on)
    click.echo(f"省好差评（不与服务反馈相加）　{from_on} 至 {to_on}")
    rows = tuple(
        (c.district or "未归属", str(c.active), str(c.default), str(c.good), str(c.bad))
        for c in counts
    )
    print_table(Table(("区县", "主动", "默认", "好评", "差评"), rows))
