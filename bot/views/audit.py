"""The audit log in words: who did what about what, latest first, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.dialogue import Button, Person, Reply, Role
from bot.records.audit import OPERATOR, AuditEntry, Deed, DeedGroup
from bot.views.certificates import LIST_WORDS
from bot.views.imports import KINDS
from bot.views.places import scope_words, window_name
from bot.views.rectifications import ACTS, OTHER_ACTS, entry_name
from bot.views.refusals import ROLE_NAMES
from bot.views.text import Lines, format_day, format_moment
from knowledge.model import KnowledgeBase
from reminders.rectification_rules import Act

MENU = Button("菜单", "menu")
NUMBER_SHOWN = 6

DEEDS: Mapping[Deed, str] = {
    Deed.SAW: "看了",
    Deed.SAW_ANSWER: "看了当时的答复",
    Deed.SAW_CONTACT: "查了电话",
    Deed.SAW_LIST: "看了清单",
    Deed.SAW_FIGURES: "看了数字",
    Deed.SAW_AUDIT: "看了操作记录",
    Deed.CHANGED: "改了",
    Deed.EXPORTED: "导出了",
    Deed.REFUSED: "想改、没让改",
}
GROUPS: Mapping[DeedGroup, str] = {
    DeedGroup.SAW: "只看“看”",
    DeedGroup.CHANGED: "只看“改”",
    DeedGroup.EXPORTED: "只看“导出”",
    DeedGroup.REFUSED: "只看“没让改”",
}

# What a subject's first word stands for; the words of the router's tables.
SUBJECTS: Mapping[str, str] = {
    "today": "服务反馈",
    "stats": "服务反馈",
    "bad": "差评清单",
    "unrated": "未评价事项",
    "rank": "窗口排名",
    "rates": "各项比率",
    "chart": "图",
    "sheet": "评价明细表",
    "dashboard": "看板明细",
    "board": "看板",
    "unsent": "没送到的提醒",
    "unanswered": "没答上来的问题",
    "duetoday": "今天到期的办件",
    "print": "晨会单",
    "overdue": "办件时限",
    "odd": "评价异常",
    "rate": "评价（工作人员不能评）",
    "mine": "名下办件",
    "case": "办件",
    "casewhy": "办件期限",
    "caseproof": "办件提醒记录",
    "casetoday": "办件（今日办结）",
    "casedone": "办件（已办结）",
    "casepapers": "办件（待补正）",
    "casearrived": "办件（材料收齐）",
    "casegive": "办件（转办）",
    "casetake": "办件（接收）",
    "casewrong": "办件（报有误）",
    "caselate": "办件（超期原因）",
    "caseclose": "办件（确认办结）",
    "closeall": "办件（全部确认办结）",
    "perhaps": "可能已办结的办件",
    "pressing": "超期明细",
    "causes": "超期原因",
    "casecauses": "超期原因",
    "acts": "待签发",
    "release": "督办通报（签发）",
    "decline": "督办通报（不签发）",
    "rectifications": "整改",
    "rects": "整改",
    "rect": "整改",
    "rectans": "整改",
    "rectwhy": "整改期限",
    "ract": "整改",
    "rphone": "整改",
    "rectproof": "整改提醒记录",
    "tasks": "待补条目",
    "task": "待补条目",
    "taskdone": "待补条目（已补好）",
    "inbox": "留言箱",
    "read": "留言",
    "answer": "留言（回复）",
    "certificates": "证照",
    "certs": "证照",
    "certificate": "证照",
    "register": "证照",
    "certlist": "证照",
    "certack": "证照（已知悉）",
    "certcode": "证照（发提醒码）",
    "certat": "证照（窗口核对）",
    "gaps": "知识缺口",
    "gap": "知识缺口",
    "gapnew": "知识缺口（要写新条目）",
    "gapdrop": "知识缺口（不处理）",
    "review": "待审",
    "change": "待审的修改",
    "knowledge-edit": "知识修改",
    "reload": "知识库（重新读取）",
    "leave": "请假代班",
    "leavedays": "请假代班",
    "qualification": "持证上岗率",
    "qualified": "持证上岗率",
    "codeof": "绑定码",
    "codes": "绑定码表",
    "casestop": "办件（挂起）",
    "caseresume": "办件（恢复计时）",
    "caseextend": "办件（延期）",
    "rotate": "轮岗",
    "code": "绑定码",
    "bind": "自己的身份",
    "mycode": "自己的网页绑定码",
    "unbind": "自己的身份（解除绑定）",
    "revoke": "工作人员身份（收回）",
    "import": "导入",
    "official": "省好差评",
    "offrate": "省好差评",
    "offlink": "省好差评（对应到本系统）",
    "offnone": "省好差评（无对应）",
    "offundo": "省好差评（改回未同步）",
    "offauto": "省好差评（按规则自动对）",
    "backup": "备份",
    "audit": "",
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBERED = frozenset(
    {"rect", "rectans", "rectwhy", "rectproof", "ract", "rphone", "read", "answer"}
)
_PLACED = {"d": "区县", "w": "窗口", "e": "事项", "h": "大厅"}


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the log: its lines, who did it, and how to go on.

    `tails` are the ends of numbers that a subject names by id; `before` is None on the last page.
    """

    entries: Sequence[AuditEntry]
    people: Mapping[int, Person]
    tails: Mapping[str, str]
    group: DeedGroup | None
    about: str
    before: int | None


def audit_reply(base: KnowledgeBase, page: AuditPage, person: Person, *, discreet: bool) -> Reply:
    """Show a page of who saw, changed and exported what; a discreet channel carries no names."""
    lines = Lines()
    lines.add(f"操作记录（{scope_words(base, person.scope)}），新的在前。")
    if not page.entries:
        lines.add("没有记录。")
    for day, entries in _by_day(page.entries):
        lines.heading(day)
        lines.bullets(_line(base, page, entry, discreet=discreet) for entry in entries)
    lines.add("", "这里只能看，谁也改不了、删不了；看操作记录也会记下来。")
    return Reply(lines.text, headings=lines.headings, buttons=_buttons(page))


def _by_day(entries: Sequence[AuditEntry]) -> Iterator[tuple[str, list[AuditEntry]]]:
    by_day: dict[str, list[AuditEntry]] = {}
    for entry in entries:
        by_day.setdefault(format_day(entry.at.date()), []).append(entry)
    yield from by_day.items()


def _line(base: KnowledgeBase, page: AuditPage, entry: AuditEntry, *, discreet: bool) -> str:
    reason = f"，理由：{entry.reason}" if entry.reason and entry.deed is Deed.SAW_CONTACT else ""
    about = subject_words(base, entry.subject, page.tails.get(entry.subject))
    done = f"{DEEDS[entry.deed]}：{about}" if about else DEEDS[entry.deed]
    actor = actor_words(base, entry, page.people, discreet=discreet)
    return f"{entry.at:%H:%M} {actor} {done}{reason}"


def actor_words(
    base: KnowledgeBase, entry: AuditEntry, people: Mapping[int, Person], *, discreet: bool
) -> str:
    """Return who did something: role and scope as they were, and the name where one is known."""
    if entry.person_id == OPERATOR.id:
        return "命令行"
    person = people.get(entry.person_id)
    named = person.name if person and person.name and not discreet else f"账号 {entry.person_id}"
    return f"{named}·{ROLE_NAMES[entry.role]}（{scope_words(base, entry.scope)}）"


def subject_words(base: KnowledgeBase, subject: str, tail: str | None) -> str:
    """Return what something was done about, without anything that names a citizen."""
    verb, *arguments = subject.split(":")
    if verb not in SUBJECTS:
        return subject
    words = SUBJECTS[verb]
    if tail is not None:
        return f"{words} ****{tail}"
    detail = _detail(base, verb, arguments)
    return f"{words} {detail}".strip()


def _detail(base: KnowledgeBase, verb: str, arguments: Sequence[str]) -> str:
    if not arguments:
        return ""
    if verb in _NUMBERED:
        act = _act_words(arguments[1]) if len(arguments) > 1 else ""
        return arguments[0][-NUMBER_SHOWN:] + act
    days = list(dict.fromkeys(part for part in arguments if _DAY.fullmatch(part)))
    if days:
        return "至".join(days) + _place(base, arguments[2:])
    match verb:
        case "today":
            return f"“{arguments[0]}”"
        case "code" | "bind" if arguments[0] in set(Role):
            return ROLE_NAMES[Role(arguments[0])]
        case "certificates" if arguments[0] in LIST_WORDS:
            return LIST_WORDS[arguments[0]]
        case "codes":
            return f"{arguments[0]} 个"
        case "import":
            return f"{KINDS.get(arguments[0], arguments[0])}表 {arguments[-1]} 行"
        case "official" if arguments[0] == "import":
            return f"导入 {arguments[-1]} 行"
        case "leave":
            return f"工号 {arguments[0]}"
        case "revoke":
            return f"{arguments[0]} 号"
        case "rotate":
            return arguments[0]
    return ""


def _act_words(act: str) -> str:
    return f"（{ACTS[Act(act)]}）" if act in set(Act) else f"（{OTHER_ACTS.get(act, act)}）"


def _place(base: KnowledgeBase, arguments: Sequence[str]) -> str:
    """Return what of a scope was asked for."""
    pairs = zip(arguments[::2], arguments[1::2], strict=False)
    return "".join(f"，{_placed(base, *pair)}" for pair in pairs if pair[0] in _PLACED)


def _placed(base: KnowledgeBase, kind: str, value: str) -> str:
    return {
        "d": next((d.name for d in base.districts if d.id == value), value),
        "w": window_name(base, value),
        "e": entry_name(base, value),
        "h": base.places[value].name if value in base.places else value,
    }[kind]


def _buttons(page: AuditPage) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    if page.before is not None:
        group = page.group or "all"
        rows.append((Button("更早", f"audit:{group}:{page.before}:{page.about}".rstrip(":")),))
    others = [
        Button(label, f"audit:{group}::{page.about}".rstrip(":"))
        for group, label in GROUPS.items()
        if group is not page.group
    ]
    if page.group is not None:
        others.append(Button("全部", f"audit:all::{page.about}".rstrip(":")))
    rows += [tuple(others[n : n + 2]) for n in range(0, len(others), 2)]
    return (*rows, (MENU,))


def audit_row(
    base: KnowledgeBase, entry: AuditEntry, people: Mapping[int, Person], tail: str | None
) -> tuple[str, ...]:
    """Return one line of the log as the command line prints it."""
    return (
        f"{entry.at.year}年{format_moment(entry.at)}",
        actor_words(base, entry, people, discreet=False),
        DEEDS[entry.deed],
        subject_words(base, entry.subject, tail),
        entry.reason or "" if entry.deed is Deed.SAW_CONTACT else "",
    )


ROW_HEADER = ("时间", "谁", "做了什么", "关于", "理由")
