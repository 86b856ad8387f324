"""official: the province's 好差评, imported and shown beside ours, never added to ours."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from bot.commands.options import (
    PROBLEMS_FOUND,
    WRONG_USE,
    Context,
    common_options,
    day_option,
    fail,
    noted,
)
from bot.commands.output import print_json, print_table
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Refusal, Table
from bot.importing.official import plan_official
from bot.importing.sheets import UnreadableFile, open_book
from bot.official import match_sure
from bot.records.audit import OPERATOR, Deed
from bot.records.official_ratings import (
    OfficialStanding,
    Sync,
    match_official,
    official_by_number,
    official_counts,
    officials_in,
    put_official,
    sync_counts,
    unmatch_official,
)
from bot.records.ratings import rating_by_id
from bot.reports.official import Candidate, candidate_by_id
from bot.views.official import SYNCS, candidate_words
from bot.views.rating import LEVELS
from bot.views.refusals import refusal_reply
from reminders.rectifications import rectification_by_number

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


@official.command()
@click.argument("number", required=False)
@click.option("--to", "service", help="对应到哪次：整改编号（Z 开头）")
@click.option("--none", "no_service", is_flag=True, help="本系统没有对应的")
@click.option("--undo", is_flag=True, help="改回未同步")
@day_option("--from", "from_", help_="自动对：从哪天；缺省全部")
@common_options
def match(
    settings: Context,
    number: str | None,
    service: str | None,
    no_service: bool,
    undo: bool,
    from_: datetime | None,
) -> None:
    """把省好差评和本系统的服务对上；不写编号就按规则自动对。

    \b
    规则：同一天、同一区县、同一事项、同一等级，而且两边都只有一条。其余逐条定：
      python -m bot official match
      python -m bot official match HN202501240001 --to Z20250124ABCDEF
      python -m bot official match HN202501240002 --none
    """
    desk = settings.desk()
    if number is None:
        from_on = from_.date() if from_ else date.min
        noted(desk, Deed.CHANGED, "offauto")
        done = match_sure(desk, OPERATOR, by_person_id=None, from_on=from_on)
        left = sync_counts(desk.db, OPERATOR)[Sync.UNSYNCED]
        click.echo(f"对上 {done} 条，还有 {left} 条未同步（official list 看）。")
        return
    if (service is not None) + no_service + undo != 1:
        fail("写了编号，就要写 --to、--none、--undo 中的一个。", WRONG_USE)
    one = official_by_number(desk.db, number.strip())
    if one is None:
        fail(f"没有编号是 {number} 的省好差评；请核对，或先 official import。", WRONG_USE)
    noted(desk, Deed.CHANGED, f"offrate:{one.id}")
    with transaction(desk.db):
        if undo:
            unmatch_official(desk.db, one)
            return
        ours = _service(desk, service) if service is not None else None
        try:
            match_official(desk.db, one, ours, by_person_id=None, now=desk.now())
        except Refusal as refusal:
            fail(refusal_reply(refusal).text, PROBLEMS_FOUND)


def _service(desk: Desk, number: str) -> int:
    """Return the service a rectification is about."""
    found = rectification_by_number(desk.db, number.strip())
    if found is None:
        fail(f"没有编号是 {number} 的整改，请核对。", WRONG_USE)
    return rating_by_id(desk.db, found.rating_id).interaction_id


@official.command("list")
@click.option(
    "--state",
    type=click.Choice([state.value for state in Sync]),
    default=Sync.UNSYNCED.value,
    help="未同步（unsynced，缺省）、已同步（synced）、无对应（none）",
)
@day_option("--from", "from_", help_="从哪天；缺省全部")
@day_option("--to", help_="到哪天；缺省全部")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def list_(
    settings: Context,
    state: str,
    from_: datetime | None,
    to: datetime | None,
    as_json: bool,
) -> None:
    """一条一条的省好差评，和它对应的本系统服务；缺省只列没对上的。"""
    desk = settings.desk()
    from_on, to_on = from_.date() if from_ else date.min, to.date() if to else date.max
    noted(desk, Deed.SAW_LIST, f"official:{state}")
    found = [
        (one, candidate_by_id(desk.db, one.interaction_id) if one.interaction_id else None)
        for one in officials_in(desk.db, OPERATOR, Sync(state), from_on=from_on, to_on=to_on)
    ]
    if as_json:
        print_json([_json(one, ours) for one, ours in found])
        return
    rows = tuple(
        (
            one.rating.number,
            one.rating.rated_on.isoformat(),
            LEVELS[one.rating.level],
            one.rating.district or "未归属",
            one.rating.item or "",
            SYNCS[one.sync],
            candidate_words(desk.base, ours) if ours else "",
        )
        for one, ours in found
    )
    print_table(Table(("省评价编号", "日期", "等级", "区县", "事项", "同步", "本系统"), rows))
    counts = sync_counts(desk.db, OPERATOR, from_on=from_on, to_on=to_on)
    click.echo("，".join(f"{SYNCS[s]} {count}" for s, count in counts.items()))


def _json(one: OfficialStanding, ours: Candidate | None) -> dict[str, object]:
    return {
        "number": one.rating.number,
        "rated_on": one.rating.rated_on.isoformat(),
        "level": one.rating.level,
        "is_default": one.rating.is_default,
        "district": one.rating.district,
        "item": one.rating.item,
        "sync": one.sync,
        "level_here": ours.level if ours else None,
        "entry": ours.entry_id if ours else None,
        "rectification": ours.number if ours else None,
    }
