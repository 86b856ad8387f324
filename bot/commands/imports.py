"""import and template: taking over exports of the platform, and sheets to fill in by hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from bot.commands.options import (
    PROBLEMS_FOUND,
    WRONG_USE,
    Context,
    Instant,
    common_options,
    day_option,
    fail,
    named_department,
    named_district,
    noted,
)
from bot.commands.output import print_json
from bot.desk import Desk
from bot.handlers.imports import table_of
from bot.importing.apply import Result, Statement
from bot.importing.columns import Kind, layout_of
from bot.importing.faulty import faulty_rows, template, template_text
from bot.importing.plan import MOST_BAD_IN_A_HUNDRED, Plan, Progress, no_progress
from bot.importing.uploads import apply_plan, plan_file, preview_plan
from bot.oversight import run_overdue
from bot.records.audit import Deed
from bot.reloading import uncollected
from bot.views.imports import Table, accepted_words, unknown_names
from knowledge.model import KnowledgeBase
from reminders.cases import Covers, Extent

MOST_PROBLEMS_SHOWN = 20
EVERY = "all"

_EXTENTS = {"open": "在办", "all": "全部"}
_kind = click.argument("kind", type=click.Choice([kind.value for kind in Kind]), metavar="种类")


@click.command("import")
@_kind
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="只看会怎样，什么也不写")
@click.option(
    "--covers", type=click.Choice(list(_EXTENTS)), help="文件含在办（open）还是全部（all）"
)
@click.option("--district", "districts", multiple=True, help="文件含哪个区县，可写几次；all 是全部")
@click.option("--department", "departments", multiple=True, help="含哪个部门，可写几次；all 是全部")
@day_option("--from", "from_", help_="含从哪天受理的；缺省看表里")
@day_option("--to", help_="含到哪天受理的；缺省看表里")
@click.option("--as-of", type=Instant(), help="数据截至；缺省看表头上方，没写就是现在")
@click.option("--faulty", type=click.Path(path_type=Path), help="有误的行写到哪里（xlsx）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def import_(
    settings: Context,
    kind: str,
    file: Path,
    dry_run: bool,
    covers: str | None,
    districts: tuple[str, ...],
    departments: tuple[str, ...],
    from_: datetime | None,
    to: datetime | None,
    as_of: datetime | None,
    faulty: Path | None,
    as_json: bool,
) -> None:
    """导入办件（cases）、证照（certificates）或人员（staff）；xlsx、xls、csv 都行。

    \b
    例：
      python -m bot import cases 办件导出.xlsx --dry-run
      python -m bot import cases 办件导出.xlsx
      python -m bot import staff 名册.csv --json
    """
    desk = settings.desk()
    # A million rows hold no cycles either, and looking for some is a third of the work.
    with uncollected():
        with _shown_progress("读表") as progress:
            plan = plan_file(desk, Kind(kind), file, progress)
        days = (from_.date() if from_ else None, to.date() if to else None)
        plan = _narrowed(plan, covers, days)
        said = Statement(_stated(desk, plan, districts, departments), as_of)
        take = preview_plan if dry_run else apply_plan
        result = Result()
        if plan.may_apply:
            with _shown_progress("比对" if dry_run else "写入", plan.good) as progress:
                result = take(desk, plan, said, progress)
            if not dry_run:
                noted(desk, Deed.CHANGED, f"import:{plan.kind}:{plan.read}")
    if plan.kind is Kind.CASES and plan.may_apply and not dry_run:
        swept = run_overdue(desk, desk.db)
        if swept.messages:
            click.echo(f"按新数据马上提醒：{swept.messages} 条消息。", err=True)
    returned = _return_faulty(plan, faulty or file.with_name(f"{file.stem}-有误.xlsx"))
    if as_json:
        print_json(_json(plan, result))
        _name_unknown(table_of(desk, plan), err=True)
        _say(plan, returned, err=True)
    else:
        _tell(desk.base, plan, result, said, dry_run)
        _name_unknown(table_of(desk, plan), err=False)
        _say(plan, returned, err=False)
    if plan.problems:
        raise SystemExit(PROBLEMS_FOUND)


def _narrowed(
    plan: Plan[Any], covers: str | None, days: tuple[date | None, date | None]
) -> Plan[Any]:
    """Return a plan whose proposed range has the extent and the days that were said."""
    proposed = plan.coverage
    if proposed is None:
        return plan
    return replace(
        plan,
        coverage=replace(
            proposed,
            extent=Extent(covers) if covers else proposed.extent,
            accepted_from=days[0] or proposed.accepted_from,
            accepted_to=days[1] or proposed.accepted_to,
        ),
    )


def _stated(
    desk: Desk, plan: Plan[Any], districts: tuple[str, ...], departments: tuple[str, ...]
) -> Covers | None:
    """Return the range with the places that were said; None leaves those to the rows."""
    if plan.coverage is None or not (districts or departments):
        return None
    chosen = plan.coverage
    if districts:
        known = () if EVERY in districts else districts
        named = tuple(name for d in known if (name := named_district(desk, d)))
        chosen = replace(chosen, districts=named)
    if departments:
        known = () if EVERY in departments else departments
        chosen = replace(chosen, departments=tuple(named_department(desk.base, d) for d in known))
    return chosen


@contextmanager
def _shown_progress(doing: str, total: int | None = None) -> Iterator[Progress]:
    """Show a bar on standard error where a person watches."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        waiting = 0

        def advance(rows: int) -> None:
            nonlocal waiting
            waiting += rows
            # Drawing for each row would cost more than reading it.
            if waiting >= _ROWS_PER_STEP:
                bar.advance(task, waiting)
                waiting = 0

        yield advance


_ROWS_PER_STEP = 500


def _return_faulty(plan: Plan[Any], path: Path) -> Path | None:
    if not plan.refused_rows:
        return None
    try:
        path.write_bytes(faulty_rows(plan))
    except OSError as error:
        click.echo(
            f"有误的行写不到 {path.name}：{error.strerror}；请用 --faulty 换个地方。", err=True
        )
        return None
    return path


def _json(plan: Plan[Any], result: Result) -> dict[str, Any]:
    return {
        "file": plan.file,
        "read": plan.read,
        "added": result.added,
        "updated": result.updated,
        "closed": result.closed,
        "unchanged": result.unchanged,
        "refused": plan.refused,
        "missing": result.missing,
        "problems": [
            {"row": p.row, "column": p.column, "value": p.value, "problem": p.problem}
            for p in plan.problems
        ],
    }


def _name_unknown(table: Table, *, err: bool) -> None:
    for heading, rows in unknown_names(table):
        click.echo(heading, err=err)
        for row in rows:
            click.echo(f"  {row}", err=err)


def _tell(
    base: KnowledgeBase, plan: Plan[Any], result: Result, said: Statement, dry_run: bool
) -> None:
    if plan.table is None:
        for problem in plan.problems:
            click.echo(f"{plan.file}：{problem.problem}", err=True)
        return
    title = layout_of(plan.kind).title
    doing = "试导入，没有写入" if dry_run else "导入"
    click.echo(f"{title}{doing}：{plan.file}，读 {plan.read} 行")
    closed = "失效" if plan.kind is Kind.CERTIFICATES else "办结"
    click.echo(
        f"新增 {result.added}，更新 {result.updated}，{closed} {result.closed}，"
        f"不变 {result.unchanged}，拒绝 {plan.refused}"
    )
    if result.taken_before:
        click.echo("这个文件已经导入过，什么也没变。")
    covers = said.covers or plan.coverage
    if covers is not None:
        name = "可能已办结" if covers.extent is Extent.OPEN else "待核"
        known = base.departments
        offices = tuple(known[d].name if d in known else d for d in covers.departments)
        click.echo(
            f"文件范围：{_EXTENTS[covers.extent]}；{_or_all(covers.districts, '区县')}；"
            f"{_or_all(offices, '部门')}；{accepted_words(covers)}。"
            f"范围内表里没有的 {result.missing} 件记为{name}，不会自动办结"
        )
    for problem in plan.problems[:MOST_PROBLEMS_SHOWN]:
        click.echo(str(problem), err=True)
    hidden = len(plan.problems) - MOST_PROBLEMS_SHOWN
    if hidden > 0:
        click.echo(f"……另有 {hidden} 处", err=True)


def _or_all(names: tuple[str, ...], what: str) -> str:
    return "、".join(names) or f"不分{what}"


def _say(plan: Plan[Any], returned: Path | None, *, err: bool) -> None:
    if plan.table is not None and plan.table.dropped:
        click.echo(f"含个人信息的列没有读：{'、'.join(plan.table.dropped)}", err=err)
    if plan.table is not None and not plan.may_apply:
        click.echo(
            f"{plan.read} 行里有 {plan.refused} 行有误，超过 {MOST_BAD_IN_A_HUNDRED}%，"
            "一行也没有导入；请改正后再导。",
            err=True,
        )
    if returned is not None:
        click.echo(f"有误的行写在 {returned.name}，坏格标了红、写了原因；改好可直接再导。", err=err)


@click.command("template")
@_kind
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@common_options
def template_(settings: Context, kind: str, file: Path | None) -> None:
    """写一份模板：表头就是规范列名，带一行示例（导入时跳过）和填写说明。

    \b
    例：
      python -m bot template cases
      python -m bot template staff 名册.csv
    """
    del settings
    chosen = Kind(kind)
    path = file or Path(f"{layout_of(chosen).title}模板.xlsx")
    if path.exists() and path.stat().st_size:
        fail(f"已经有 {path.name}，怕盖掉填好的表；请换个文件名。", WRONG_USE)
    try:
        if path.suffix.lower() == ".csv":
            # With a byte order mark, or Excel shows Chinese as rubbish.
            path.write_text(template_text(chosen), encoding="utf-8-sig", newline="")
        else:
            path.write_bytes(template(chosen))
    except OSError as error:
        fail(f"写不到 {path.name}：{error.strerror}；请换个地方。", WRONG_USE)
    click.echo(f"模板写在 {path}")
