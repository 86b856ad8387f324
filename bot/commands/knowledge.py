"""knowledge: the editor's tools: a copy to edit, the Excel round trip, diagrams, the table."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click

from bot.commands.options import (
    PROBLEMS_FOUND,
    WRONG_USE,
    Context,
    common_options,
    fail,
    named_department,
)
from bot.commands.output import print_table
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, Person, Role, Table
from bot.editing import failed_questions, hand_in, may_write, needs_second
from bot.importing.sheets import UnreadableFile, open_book
from bot.loading import CACHE
from bot.previews import comparisons
from bot.records import people
from bot.records.knowledge_edits import Origin, Proposal
from bot.reports.knowledge_use import touched_slips
from bot.settings import SHIPPED_KNOWLEDGE, Settings
from bot.views import diagram as drawing
from bot.views.knowledge import preview_text, touched_lines
from knowledge.check import check_folder
from knowledge.editing.confirmation import (
    export_confirmation,
    is_confirmation,
    read_confirmation,
)
from knowledge.editing.facts import tally
from knowledge.editing.plan import ChangedMeanwhileError, Plan, plan_edits, write_plan
from knowledge.editing.round_trip import Reading, export_sheets, read_sheets
from knowledge.editing.workbook import Spot, mark_cells
from knowledge.model import KnowledgeBase
from knowledge.problems import Severity

MOST_SHOWN = 200
INIT_HINT = (
    "知识库还是程序自带的那份，不能写。先抄一份：python -m bot knowledge init 我的知识库，"
    "再在 config.yaml 里写 knowledge_dir: 我的知识库。"
)


@click.group()
@common_options
def knowledge(settings: Context) -> None:
    """编辑的工具：抄一份知识库，Excel 导出导入，确认表，问题图，总表。"""
    del settings


@knowledge.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@common_options
def init(settings: Context, folder: Path) -> None:
    """把自带的知识库抄到一个文件夹，以后在那里改。

    \b
    例：
      python -m bot knowledge init 我的知识库
    """
    del settings
    if folder.exists() and any(folder.iterdir()):
        fail(f"{folder} 里已经有东西，怕盖掉；请换个空文件夹。", WRONG_USE)
    try:
        shutil.copytree(SHIPPED_KNOWLEDGE, folder, dirs_exist_ok=True)
    except OSError as error:
        fail(f"抄不过去（{error.strerror}）；请换个地方。", WRONG_USE)
    click.echo(f"知识库抄到了 {folder}。在 config.yaml 里写：")
    click.echo(f"knowledge_dir: {folder}")
    click.echo("改完用 python -m bot check 检查；运行中的程序几秒后自己更新。")


@knowledge.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--confirm", is_flag=True, help="导出给单位确认的表，每行一条事实")
@click.option("--department", help="哪个单位，编号或任何常用叫法；和 --confirm 一起用")
@common_options
def export(settings: Context, file: Path, confirm: bool, department: str | None) -> None:
    """导出 Excel：别名、材料、大厅、窗口、电话；或给一个单位的确认表。

    \b
    例：
      python -m bot knowledge export 知识库.xlsx
      python -m bot knowledge export --confirm --department 医保局 医保确认.xlsx
    """
    if confirm != (department is not None):
        fail("确认表要写明单位：--confirm --department 医保局。", WRONG_USE)
    base = _base(settings.settings(), _today(settings))
    if department is None:
        content = export_sheets(base)
    else:
        content = export_confirmation(base, named_department(base, department.strip()))
    try:
        file.write_bytes(content)
    except OSError as error:
        fail(f"写不到 {file.name}：{error.strerror}；请换个地方。", WRONG_USE)
    click.echo(f"写在 {file}")


@knowledge.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="只看会改什么，什么也不写")
@click.option("--yes", is_flag=True, help="不再问，直接写")
@click.option("--editor", help="谁提交的（编辑绑定时的姓名）；要两人复核时必填")
@common_options
def import_(settings: Context, file: Path, dry_run: bool, yes: bool, editor: str | None) -> None:
    """导入改好的 Excel 或确认表：先说会改什么，确认后才写；写的结果必须通过检查。

    \b
    例：
      python -m bot knowledge import 知识库.xlsx --dry-run
      python -m bot knowledge import 医保确认.xlsx
    """
    loaded, today = settings.settings(), _today(settings)
    if not dry_run and not may_write(loaded):
        fail(INIT_HINT, WRONG_USE)
    work = _read(loaded, file, today)
    _tell(work)
    if work.problems or work.plan.errors:
        _return_marked(work, file)
        fail("有错误，什么也没写；改好标红的格子再导入。", PROBLEMS_FOUND)
    if not work.plan.may_write:
        click.echo("没有要改的。")
        return
    dropped = failed_questions(loaded, work.plan)
    if dropped:
        for problem in dropped:
            click.echo(str(problem), err=True)
        fail("改了以后这些考题认错了，什么也没写；请照上面改。", PROBLEMS_FOUND)
    if dry_run:
        click.echo("只是试导入，没有写。")
        return
    if not yes and not click.confirm("就这样写？", default=False):
        click.echo("没有写。")
        return
    if needs_second(loaded):
        _hand_in(settings, work, editor)
    else:
        _write(settings, loaded, work)


@dataclass(frozen=True, slots=True)
class _Work:
    """An edited workbook, what it asks for, and the plan that comes of it."""

    content: bytes
    origin: Origin
    reading: Reading
    plan: Plan
    problems: Mapping[Spot, str]


def _read(settings: Settings, file: Path, today: date) -> _Work:
    base = _base(settings, today)
    try:
        open_book(file, file.name)
    except UnreadableFile as error:
        fail(str(error), PROBLEMS_FOUND)
    content = file.read_bytes()
    if not content.startswith(b"PK"):
        fail("请存成 xlsx 再导入。", PROBLEMS_FOUND)
    if is_confirmation(content):
        origin, reading = Origin.CONFIRMATION, read_confirmation(content, base, today=today)
    else:
        origin, reading = Origin.SHEET, read_sheets(content, base)
    plan = plan_edits(
        settings.knowledge_dir, reading.edits, today=today, cache_dir=settings.data_dir / CACHE
    )
    problems = {**reading.problems, **_located(reading, plan)}
    return _Work(content, origin, reading, plan, problems)


def _located(reading: Reading, plan: Plan) -> dict[Spot, str]:
    """Bring the checker's errors back to the cells whose edits stand on their lines."""
    found: dict[Spot, str] = {}
    for wish, line in zip(reading.wishes, plan.lines, strict=False):
        named = f"{wish.edit.file} 第 {line} 行"
        for error in plan.errors:
            here = (error.file, error.line) == (wish.edit.file, line)
            if here or (line is not None and named in error.text):
                found.setdefault(wish.spot, error.text)
    return found


def _tell(work: _Work) -> None:
    for remark in work.reading.remarks:
        click.echo(remark)
    if work.plan.changed:
        click.echo(f"会改 {len(work.plan.changed)} 处：")
    for change in work.plan.changed[:MOST_SHOWN]:
        click.echo(f"· {change.entry_id or '公共'}：{change.text}")
    if len(work.plan.changed) > MOST_SHOWN:
        click.echo(f"……其余 {len(work.plan.changed) - MOST_SHOWN} 处略")
    for spot, text in work.problems.items():
        click.echo(f"{spot.sheet} 第 {spot.row} 行“{spot.title}”：{text}", err=True)
    for problem in work.plan.problems:
        if problem.text not in work.problems.values():
            click.echo(str(problem), err=problem.severity is Severity.ERROR)


def _return_marked(work: _Work, file: Path) -> None:
    if not work.problems:
        return
    path = file.with_name(f"{file.stem}-有误.xlsx")
    try:
        path.write_bytes(mark_cells(work.content, work.problems))
    except OSError as error:
        click.echo(f"标了错的表写不到 {path.name}：{error.strerror}。", err=True)
        return
    click.echo(f"有误的格子标了红、写了原因：{path.name}", err=True)


def _hand_in(settings: Context, work: _Work, editor: str | None) -> None:
    """Leave the change for a second editor, with the citizen's text before and after."""
    desk = settings.desk()
    maker = _editor(_editors_named(desk, editor))
    assert work.plan.after is not None
    preview = preview_text(comparisons(desk, work.plan.after))
    told = tuple(f"{change.entry_id or '公共'}：{change.text}" for change in work.plan.changed)
    entries = {change.entry_id for change in work.plan.changed}
    entry_id = entries.pop() if len(entries) == 1 else None
    proposal = Proposal(work.origin, entry_id, work.reading.edits, told, preview)
    with transaction(desk.db):
        edit = hand_in(desk.db, desk.settings, proposal, maker, now=desk.now())
    click.echo(f"已提交为修改 {edit.id}，等第二位编辑在“待审”里同意后写入。")


def _editors_named(desk: Desk, name: str | None) -> tuple[Person, ...]:
    """Return the editors and administrators bound under a name."""
    roles = (Role.EDITOR, Role.ADMINISTRATOR)
    found = (p for role in roles for p in people.people_with_role(desk.db, role, CITY))
    return tuple(person for person in found if name and person.name == name)


def _editor(found: Sequence[Person]) -> Person:
    if len(found) != 1:
        fail(
            "现在要两人复核（knowledge.two_person）：请用 --editor 写提交人绑定时的姓名，"
            "这个人须是编辑。",
            WRONG_USE,
        )
    return found[0]


def _write(settings: Context, loaded: Settings, work: _Work) -> None:
    try:
        write_plan(loaded.knowledge_dir, work.plan)
    except ChangedMeanwhileError as error:
        fail(f"{error} 刚被别人改过，什么也没写；请再导一次。", PROBLEMS_FOUND)
    except OSError as error:
        fail(f"写不进去（{error.strerror}）；请检查权限。", PROBLEMS_FOUND)
    click.echo(f"写好了 {len(work.plan.contents)} 个文件。运行中的程序几秒后自己更新。")
    desk = settings.desk()
    assert work.plan.before is not None
    touched = touched_slips(
        desk.db,
        work.plan.before,
        desk.base,
        now=desk.now(),
        slip_days=loaded.privacy.slip_days,
    )
    for line in touched_lines(touched):
        click.echo(line)


@knowledge.command()
@click.argument("entry")
@common_options
def diagram(settings: Context, entry: str) -> None:
    """画一个条目的问题和每个答案多带什么（Mermaid 文字）。

    \b
    例：
      python -m bot knowledge diagram newborn > newborn.mmd
    """
    base = _base(settings.settings(), _today(settings))
    found = base.entries.get(entry)
    if found is None:
        fail(f"没有 {entry}；有：{'、'.join(sorted(base.entries))}", WRONG_USE)
    click.echo(drawing.diagram(base, found))


@knowledge.command()
@common_options
def table(settings: Context) -> None:
    """列出每个条目的材料数、问题数、已确认和未确认的事实数。"""
    base = _base(settings.settings(), _today(settings))
    rows = []
    for entry in base.entries.values():
        counted = tally(entry)
        rows.append(
            (
                entry.id,
                entry.short_name,
                len(entry.materials),
                len(entry.questions),
                counted.confirmed,
                counted.total - counted.confirmed,
            )
        )
    total = ("合计", str(len(rows)), *(sum(int(row[n]) for row in rows) for n in range(2, 6)))
    header = ("编号", "条目", "材料", "问题", "已确认的事实", "未确认的事实")
    print_table(Table(header, tuple(tuple(map(str, row)) for row in (*rows, total))))


def _today(settings: Context) -> date:
    return settings.clock()().date()


def _base(settings: Settings, today: date) -> KnowledgeBase:
    """Return the knowledge base in the folder, or end with its problems."""
    cache_dir = settings.data_dir / CACHE
    base, problems = check_folder(settings.knowledge_dir, today=today, cache_dir=cache_dir)
    if base is None:
        for problem in problems:
            click.echo(str(problem), err=True)
        fail("知识库有误，先照上面改正（python -m bot check 看全部）。", PROBLEMS_FOUND)
    return base
