"""导入: what a table sent in would do, what is wrong with it, and what taking it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import StrEnum
from types import MappingProxyType

from bot.dialogue import Button, Document, Reply, Role
from bot.views.page_words import Notice
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines
from reminders.cases import Covers, Extent

MENU = Button("菜单", "menu")
UPLOAD = "/upload"
PROBLEMS_SHOWN = 20
NAMES_SHOWN = 8

# The kinds of table in the order of the form, by the word that stands in tokens and commands.
KINDS: Mapping[str, str] = MappingProxyType(
    {"cases": "办件", "certificates": "证照", "staff": "人员"}
)
_CLOSED = {"cases": "办结", "certificates": "失效", "staff": "办结"}
_EXTENTS = {Extent.OPEN: "在办", Extent.ALL: "全部"}
_MISSING = {Extent.OPEN: "可能已办结", Extent.ALL: "待核"}
_AFTER: Mapping[str, Button] = MappingProxyType(
    {"cases": Button("超期", "overdue"), "certificates": Button("证照", "register")}
)

CHOOSE_FILE = "请先选一个文件，再点上传。"
TABLE_GONE = Notice(
    "有误的行已经不在了", ("表格只留 30 分钟，或后来又传了新的。", "请重新上传一次。")
)
CHOOSE_KIND = "请选这是哪种表：办件、证照或人员。"


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A kind or an office that nobody knows by this name, in how many rows; what it is like."""

    name: str
    rows: int
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read: its kind and name, the rows, and what was left out of it."""

    kind: str
    name: str
    read: int
    refused: int
    problems: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    faulty_url: str | None = None
    unknown_kinds: tuple[UnknownName, ...] = ()
    unknown_issuers: tuple[UnknownName, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What taking a table does to our records."""

    added: int
    updated: int
    closed: int
    unchanged: int
    missing: int
    taken_before: bool


class Places(StrEnum):
    """Of which places a file tells: those in its rows, or all the sender answers for."""

    ROWS = "rows"
    OWN = "own"


class Days(StrEnum):
    """Of which days of acceptance a file tells: those in its rows, or any."""

    ROWS = "rows"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Said:
    """What the sender says a file covers."""

    extent: Extent
    places: Places = Places.ROWS
    days: Days = Days.ROWS

    @property
    def arguments(self) -> str:
        """Return it as arguments of a button."""
        return f"{self.extent}:{self.places}:{self.days}"


@dataclass(frozen=True, slots=True)
class Range:
    """What the file covers as proposed from its rows, and the departments' names.

    `nowhere` counts the cases without a district; `as_of` is None where the table does not say
    how fresh it is; `missing_other_days` counts open cases of the same places that were accepted
    on other days and are not in the table.
    """

    covers: Covers
    departments: tuple[str, ...]
    nowhere: int
    as_of: tuple[date, time | None] | None
    said: Said
    missing_other_days: int = 0

    @property
    def no_place(self) -> str:
        """Return what stands where no places are named."""
        return "您管的都算" if self.said.places is Places.OWN else "表里没写"


# -- before anything is read


def how_reply(page: str | None) -> Reply:
    """Say how a table gets in; `page` is the form's address, where there is one."""
    lines = Lines()
    lines.add("导入办件、证照或人员表：先试读给您看，点了“确认导入”才写入。")
    lines.bullets(
        (
            "xlsx、xls、csv 都行，最大 20 MB；平台导出的原表不用改。",
            "在网页上选文件上传；或在聊天里直接把文件发过来（Telegram 上默认不收）。",
        )
    )
    form = ((Button("去上传", url=page),),) if page else ()
    return Reply(lines.text, buttons=(*form, (MENU,)))


def on_page_reply(page: str | None) -> Reply:
    """Refuse a file over a channel that may not carry personal data."""
    form = ((Button("去网页上传", url=page),),) if page else ()
    return Reply(
        "表里有个人信息，不经 Telegram 传送，这个文件没有读。请在网页上传。",
        buttons=(*form, (MENU,)),
    )


def not_yours_reply() -> Reply:
    """Refuse a file from staff who do not import tables."""
    return Reply(
        "这个文件没有读：表格由窗口负责人、证照科室或督查人员导入。要办什么事，直接打字问我。",
        buttons=((MENU,),),
    )


def gone_reply() -> Reply:
    """Say that a table waits no longer."""
    return Reply(
        "这张表放得太久（超过 30 分钟）或后来又传了新的，已经不在了，请重新上传。"
        "同一张表重复导入不会多出什么：已经导入过的会告诉您。",
        buttons=((MENU,),),
    )


def too_large_line(megabytes: int) -> str:
    """Say on the form that a file was too large."""
    return (
        f"文件超过 {megabytes} MB，没有收。请按区县或受理日期分成几张，"
        "或请管理员在服务器上导入（python -m bot import）。"
    )


# -- the dry run


def unreadable_reply(name: str, problems: Sequence[str]) -> Reply:
    """Say why a file cannot be read, and that nothing was taken."""
    lines = Lines()
    lines.add(f"“{name}”没有导入。", *problems)
    return Reply(lines.text, buttons=((MENU,),))


def unrecognised_reply(name: str, problems: Mapping[str, str]) -> Reply:
    """Say of a file that is no known table what each kind of table would need."""
    lines = Lines()
    lines.add(f"“{name}”没有导入：没认出是办件、证照还是人员表。")
    lines.bullets(f"{KINDS[kind]}：{problem}" for kind, problem in problems.items())
    return Reply(lines.text, buttons=((MENU,),))


def too_many_rows_reply(table: Table, limit: int) -> Reply:
    """Refuse a table whose taking would make everybody else wait."""
    return Reply(
        f"“{table.name}”有 {table.read} 行，没有导入：上传一次最多 {limit} 行。"
        "请按区县或受理日期分成几张，或请管理员在服务器上导入（python -m bot import）。",
        buttons=((MENU,),),
    )


def outside_reply(
    table: Table, places: Sequence[str], roles: Sequence[Role], own: str | None
) -> Reply:
    """Refuse a table that reaches beyond what its sender answers for."""
    lines = Lines()
    lines.add(f"“{table.name}”没有导入：表里有不归您管的内容。")
    if places:
        lines.add(f"不归您管的：{_listed(places)}（您管的是{own or '全市'}）。")
    if roles:
        lines.add(f"不能由您列入的角色：{'、'.join(ROLE_NAMES[role] for role in roles)}。")
    lines.add("请只留自己管的再传，或请督查人员导入。")
    return Reply(lines.text, buttons=((MENU,),))


def too_faulty_reply(table: Table, most_bad: int) -> Reply:
    """Say that so many rows are bad that nothing may be taken."""
    lines = Lines()
    lines.add(
        f"{KINDS[table.kind]}表“{table.name}”没有导入",
        f"读 {table.read} 行，{table.refused} 行有误，超过 {most_bad}%，一行也不写入；改好再传。",
    )
    _add_dropped(lines, table)
    _add_problems(lines, table)
    return _with_buttons(lines, table, ())


def plan_reply(key: str, table: Table, counts: Counts, covered: Range | None) -> Reply:
    """Show what confirming would do, with the buttons to do it or not."""
    lines = Lines()
    lines.add(f"还没写入，请核对：{KINDS[table.kind]}表“{table.name}”，读 {table.read} 行")
    lines.add(_counts(table, counts))
    if counts.taken_before:
        lines.add("这张表按这个范围已经导入过，再导也不会变。")
    if covered is not None:
        _add_range(lines, covered, counts)
    _add_dropped(lines, table)
    _add_unknown(lines, table)
    _add_problems(lines, table)
    said = covered.said.arguments if covered else "-"
    choice = _corrections(key, covered.said) if covered else ()
    confirm = (
        Button("确认导入", f"imptake:{key}:{said}"),
        Button("取消", f"impdrop:{key}"),
    )
    lines.add("", "30 分钟内点“确认导入”才写入。")
    return _with_buttons(lines, table, (confirm, *choice))


def _counts(table: Table, counts: Counts) -> str:
    return (
        f"新增 {counts.added}，更新 {counts.updated}，{_CLOSED[table.kind]} {counts.closed}，"
        f"不变 {counts.unchanged}，拒绝 {table.refused}"
    )


def _add_range(lines: Lines, covered: Range, counts: Counts) -> None:
    covers = covered.covers
    lines.heading("这张表的范围（请核对）")
    lines.bullets(
        (
            f"含哪些办件：{_EXTENTS[covers.extent]}",
            f"区县：{_listed(covers.districts) or covered.no_place}",
            f"部门：{_listed(covered.departments) or covered.no_place}",
            f"受理日期：{accepted_words(covers)}",
            f"数据截至：{_as_of(covered.as_of)}",
            (
                f"范围内、表里没有的在办件 {counts.missing} 件，会记为"
                f"“{_MISSING[covers.extent]}”，不会自动办结"
            ),
        )
    )
    if covered.missing_other_days:
        lines.add(
            f"这些地方另有 {covered.missing_other_days} 件在办，受理日期在范围外，表里也没有："
            "如果这张表是全部在办件，请点“改：哪天受理的都算”。"
        )
    if covered.nowhere:
        lines.bullets((f"没写区县的 {covered.nowhere} 件，算市直单位",))


def accepted_words(covers: Covers) -> str:
    """Say between which days the cases of a range were accepted."""
    first, last = covers.accepted_from, covers.accepted_to
    match first, last:
        case None, None:
            return "哪天受理的都算"
        case None, _:
            return f"{last} 前受理的"
        case _, None:
            return f"{first} 起受理的"
        case _:
            return f"{first} 至 {last} 受理的"


def _as_of(as_of: tuple[date, time | None] | None) -> str:
    if as_of is None:
        return "表里没写，按现在算"
    day, at = as_of
    return f"{day} {at:%H:%M}" if at else f"{day}"


def _listed(names: Sequence[str]) -> str:
    shown = "、".join(names[:NAMES_SHOWN])
    return f"{shown}等 {len(names)} 个" if len(names) > NAMES_SHOWN else shown


def _corrections(key: str, said: Said) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons that change one part of what was said."""

    def say(label: str, **changed: object) -> tuple[Button]:
        other = replace(said, **changed)  # type: ignore[arg-type]
        return (Button(label, f"impsay:{key}:{other.arguments}"),)

    return (
        say("改：这张表含全部办件", extent=Extent.ALL)
        if said.extent is Extent.OPEN
        else say("改：这张表只有在办件", extent=Extent.OPEN),
        say("改：我管的区县、部门都在表里", places=Places.OWN)
        if said.places is Places.ROWS
        else say("改：只算表里写到的区县、部门", places=Places.ROWS),
        say("改：只算表里的受理日期", days=Days.ROWS)
        if said.days is Days.ANY
        else say("改：哪天受理的都算", days=Days.ANY),
    )


def _add_dropped(lines: Lines, table: Table) -> None:
    if table.dropped:
        lines.add(f"含个人信息的列没有读：{'、'.join(table.dropped)}")


def unknown_names(table: Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what was taken though its kind or office is unknown, under what it means."""
    parts = (
        ("规则未登记的证照种类（照收，只按到期日列给部门，不发给持证人）", table.unknown_kinds),
        (
            "没认出的发证机关（按证照种类归部门；种类也没登记的，只有全市名单里有）",
            table.unknown_issuers,
        ),
    )
    return tuple((heading, _unknown_rows(found)) for heading, found in parts if found)


def _unknown_rows(found: Sequence[UnknownName]) -> tuple[str, ...]:
    rows = [
        f"{one.name or '（没写）'}：{one.rows} 行"
        + (f"，像是：{'、'.join(one.nearest)}" if one.nearest else "")
        for one in found[:NAMES_SHOWN]
    ]
    hidden = found[NAMES_SHOWN:]
    if hidden:
        rows.append(f"另有 {len(hidden)} 个名称，{sum(one.rows for one in hidden)} 行")
    return tuple(rows)


def _add_unknown(lines: Lines, table: Table) -> None:
    for heading, rows in unknown_names(table):
        lines.heading(heading)
        lines.bullets(rows)


def _add_problems(lines: Lines, table: Table) -> None:
    if not table.problems:
        return
    lines.heading(f"有误 {len(table.problems)} 处，所在的 {table.refused} 行不导入")
    lines.bullets(table.problems[:PROBLEMS_SHOWN])
    hidden = len(table.problems) - PROBLEMS_SHOWN
    if hidden > 0:
        lines.add(f"……另有 {hidden} 处")


def _with_buttons(lines: Lines, table: Table, buttons: tuple[tuple[Button, ...], ...]) -> Reply:
    link = ((Button("下载有误的行（xlsx）", url=table.faulty_url),),) if table.faulty_url else ()
    return Reply(lines.text, headings=lines.headings, buttons=(*link, *buttons) or ((MENU,),))


def faulty_reply(document: Document) -> Reply:
    """Hand the bad rows back in chat."""
    return Reply("有误的行：坏格标了红，写了原因，改好可直接再传。", document=document)


# -- after the word was given


def taken_reply(table: Table, counts: Counts, extent: Extent | None, messages: int | None) -> Reply:
    """Say what was taken; `messages` counts the reminders it caused at once."""
    lines = Lines()
    if counts.taken_before:
        lines.add(f"{KINDS[table.kind]}表“{table.name}”已经导入过，什么也没变")
    else:
        lines.add(f"导入好了：{KINDS[table.kind]}表“{table.name}”")
    lines.add(_counts(table, counts))
    if extent is not None and counts.missing:
        lines.add(f"表里没有的 {counts.missing} 件记为“{_MISSING[extent]}”，没有自动办结。")
    if messages:
        lines.add(f"已按新数据重算时限，马上发出提醒 {messages} 条。")
    _add_unknown(lines, table)
    after = _AFTER.get(table.kind)
    return Reply(lines.text, buttons=(((after, MENU) if after else (MENU,)),), replaces=True)


def dropped_reply() -> Reply:
    """Say that a table was declined."""
    return Reply("没有导入，什么也没变。", buttons=((MENU,),), replaces=True)
