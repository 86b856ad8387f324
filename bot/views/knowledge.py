"""The editor's messages: gaps, review, changes that wait, pausing, reload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.dialogue import Button, Reply, Table
from bot.records.gaps import EntryTask, GapGroup
from bot.records.knowledge_edits import Due, KnowledgeEdit, Origin
from bot.reports.knowledge_use import TouchedSlips
from bot.views.text import HOTLINE, Lines, format_full_day, format_moment, shorten
from knowledge.changes import Change
from knowledge.editing.facts import Tally
from knowledge.model import KnowledgeBase, ServicePackage
from knowledge.problems import Problem, Severity

MENU = Button("菜单", "menu")
GAPS = Button("知识缺口", "gaps")
REVIEW = Button("待审", "review")
SHOWN = 30
GAPS_SHOWN = 10
EDITS_SHOWN = 8
ENTRIES_A_PAGE = 15
OPENING_LINES = 12
PREVIEW_LINES = 20
PAUSE_REASONS = ("政策有变，正在核实", "材料有出入，正在核实", "系统调整，暂不受理")
ORIGINS = {
    Origin.SHEET: "Excel",
    Origin.CONFIRMATION: "确认表",
    Origin.GAP: "知识缺口",
    Origin.CHAT: "对话",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an answer differs after a change: the lines that go and those that come."""

    name: str
    situation: str
    gone: tuple[str, ...]
    come: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One entry in the list of review: confirmed facts, how often asked."""

    entry: ServicePackage
    tally: Tally
    asked: int


# Gaps.


def gaps_reply(
    groups: Sequence[GapGroup], base: KnowledgeBase, tasks: Sequence[EntryTask]
) -> Reply:
    """List the questions that found nothing, alike ones together."""
    lines = Lines()
    if not groups:
        lines.add("没有没答上来的问题。")
    else:
        lines.add(f"没答上来的问题 {len(groups)} 组（次数多的在前），点一组来处理：")
    shown = groups[:GAPS_SHOWN]
    for number, group in enumerate(shown, start=1):
        lines.add(
            f"{number}. {group.times} 次｜{shorten(group.question, 60)}"
            f"｜最近的：{_names(base, group.nearest) or '无'}"
        )
    if tasks:
        lines.heading("待建条目")
        lines.bullets(f"{task.times} 次｜{shorten(task.question, 60)}" for task in tasks[:SHOWN])
    buttons = [Button(f"看 {number}", f"gap:{g.id}") for number, g in enumerate(shown, start=1)]
    rows = [tuple(buttons[start : start + 5]) for start in range(0, len(buttons), 5)]
    return Reply(lines.text, headings=lines.headings, buttons=(*rows, (MENU,)))


def _names(base: KnowledgeBase, entry_ids: Sequence[str]) -> str:
    return "、".join(base.entries[id_].short_name for id_ in entry_ids if id_ in base.entries)


def gap_reply(group: GapGroup, base: KnowledgeBase) -> Reply:
    """Show one group with examples, and what can be done with it."""
    lines = Lines()
    lines.add(f"问过 {group.times} 次，{len(group.gaps)} 种说法：")
    lines.bullets(group.examples)
    near = [base.entries[id_] for id_ in group.nearest if id_ in base.entries]
    lines.add("", "归到哪个条目（加为别名）？")
    rows = [(Button(f"加为别名：{e.short_name}", f"gapto:{group.id}:{e.id}"),) for e in near]
    return Reply(
        lines.text,
        buttons=(
            *rows,
            (Button("加到别的条目", f"gapfind:{group.id}"),),
            (
                Button("建条目", f"gapnew:{group.id}"),
                Button("不收", f"gapdrop:{group.id}"),
            ),
            (GAPS,),
        ),
    )


def ask_entry_reply(group: GapGroup) -> Reply:
    """Ask for which entry to look."""
    return Reply(
        f"“{shorten(group.question, 40)}”该归到哪件事？写几个字我来找（10 分钟内）。",
        buttons=((Button("取消", f"gap:{group.id}"),),),
    )


def entries_found_reply(group: GapGroup, entries: Sequence[ServicePackage]) -> Reply:
    """Offer the entries found for a group."""
    rows = [(Button(f"加为别名：{e.short_name}", f"gapto:{group.id}:{e.id}"),) for e in entries]
    return Reply("是哪一件？", buttons=(*rows, (Button("再找", f"gapfind:{group.id}"), GAPS)))


def confirm_alias_reply(
    group: GapGroup, entry: ServicePackage, alias: str, before: Reply, after: Reply
) -> Reply:
    """Show what a citizen reads before and after, and ask for the word."""
    lines = Lines()
    lines.add(f"把“{alias}”加为“{entry.name}”的说法？")
    lines.add(*_before_and_after(before, after))
    return Reply(
        lines.text,
        buttons=(
            (Button("确认加", f"gapadd:{group.id}:{entry.id}"),),
            (Button("换个说法加", f"gapsay:{group.id}:{entry.id}"),),
            (Button("返回", f"gap:{group.id}"),),
        ),
    )


def _before_and_after(before: Reply, after: Reply) -> tuple[str, ...]:
    return ("", "群众现在看到：", opening_of(before), "", "以后看到：", opening_of(after))


def opening_of(reply: Reply) -> str:
    """Return the first lines of a reply."""
    lines = reply.text.split("\n")
    more = ["……"] if len(lines) > OPENING_LINES else []
    return "\n".join([*lines[:OPENING_LINES], *more])


def alias_preview(before: Reply, after: Reply) -> str:
    """Word what an alias changes, for the second editor."""
    return "\n".join(_before_and_after(before, after)[1:])


def ask_alias_reply(group: GapGroup, entry: ServicePackage) -> Reply:
    """Ask for the wording that becomes the alias."""
    return Reply(
        f"请写加给“{entry.name}”的说法（10 分钟内），别带人名、号码。",
        buttons=((Button("取消", f"gap:{group.id}"),),),
    )


def gap_dropped_reply() -> Reply:
    """Confirm that a group is not taken."""
    return Reply("不收了，以后再有人这样问会重新列出来。", buttons=((GAPS, MENU),))


def entry_task_reply(group: GapGroup) -> Reply:
    """Confirm that an entry is to be written."""
    return Reply(
        f"记下了：要建条目，起因是“{shorten(group.question, 40)}”（{group.times} 次）。"
        "条目写好、更新知识后，等消息的人会收到一条通知。",
        buttons=((GAPS, MENU),),
    )


def gap_answered_reply(question: str, entry: ServicePackage) -> Reply:
    """Tell a citizen that their question has an answer now."""
    return Reply(
        f"您问过的“{shorten(question, 60)}”，现在能答了，点下面看清单。",
        buttons=((Button(entry.short_name, f"pick:{entry.id}"),), (MENU,)),
    )


# Changes on their way.


def handed_in_reply(edit: KnowledgeEdit, *, waits: bool) -> Reply:
    """Tell an editor what becomes of their change."""
    said = (
        "已提交，等第二位编辑在“待审”里同意后生效。"
        if waits
        else "收到，正在检查、写入，好了告诉您（改了说法的要重新训练，一两分钟）。"
    )
    return Reply("\n".join((*edit.proposal.told[:SHOWN], said)), buttons=((REVIEW, MENU),))


def edit_waiting_reply(edit: KnowledgeEdit) -> Reply:
    """Tell the editors that a change waits."""
    return Reply(
        f"有一处知识修改等您复核（{ORIGINS[edit.proposal.origin]}，"
        f"{format_moment(edit.made_at)}）：{shorten(edit.proposal.told[0], 80)}",
        buttons=((Button("看修改", f"change:{edit.id}"),), (REVIEW,)),
    )


def edit_reply(edit: KnowledgeEdit, maker: str | None) -> Reply:
    """Show a change with the citizen's text before and after, and ask to decide."""
    lines = Lines()
    lines.add(
        f"{ORIGINS[edit.proposal.origin]}修改 {edit.id}，"
        f"{maker or '一位编辑'}，{format_moment(edit.made_at)}："
    )
    lines.bullets(edit.proposal.told[:SHOWN])
    if len(edit.proposal.told) > SHOWN:
        lines.add(f"……其余 {len(edit.proposal.told) - SHOWN} 处略")
    if edit.proposal.preview:
        lines.heading("群众看到的")
        lines.add(edit.proposal.preview)
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=(
            (Button("同意", f"changeok:{edit.id}"), Button("退回", f"changeno:{edit.id}")),
            (REVIEW,),
        ),
    )


def edit_approved_reply() -> Reply:
    """Confirm an approval."""
    return Reply(
        "已同意，正在检查、写入，好了告诉您（改了说法的要重新训练，一两分钟）。",
        buttons=((REVIEW, MENU),),
    )


def edit_declined_reply(edit: KnowledgeEdit) -> Reply:
    """Confirm that a change was sent back."""
    return Reply(f"修改 {edit.id} 已退回，没有写入。", buttons=((REVIEW, MENU),))


def edit_sent_back_reply(edit: KnowledgeEdit) -> Reply:
    """Tell the maker that a change was sent back."""
    return Reply(
        f"您的修改被第二位编辑退回，没有写入：{shorten(edit.proposal.told[0], 80)}",
        buttons=((REVIEW, MENU),),
    )


def edit_failed_reply(edit: KnowledgeEdit, failure: str) -> Reply:
    """Tell the maker that a change did not pass the checker."""
    return Reply(
        f"这处修改没有写入：{shorten(edit.proposal.told[0], 80)}\n原因：{failure}",
        buttons=((GAPS, MENU),),
    )


def preview_text(compared: Sequence[Comparison]) -> str:
    """Word what citizens read before and after."""
    if not compared:
        return "清单文字不变，只影响检索、备注或核对记录。"
    return "\n".join(line for comparison in compared for line in _compared(comparison))


def _compared(comparison: Comparison) -> list[str]:
    situation = f"（{comparison.situation}）" if comparison.situation else ""
    return [
        f"{comparison.name}{situation}",
        *(f"改前：{line}" for line in comparison.gone[:PREVIEW_LINES]),
        *(f"改后：{line}" for line in comparison.come[:PREVIEW_LINES]),
    ]


# Review.


def review_reply(
    waiting: Sequence[KnowledgeEdit],
    due: Sequence[Due],
    units: Mapping[str, Tally],
    standings: Sequence[Standing],
    *,
    base: KnowledgeBase,
    page: int,
    today: date,
) -> Reply:
    """Show what waits, what is due, and how much is confirmed, most-asked entries first."""
    lines = Lines()
    if page == 0:
        _write_waiting(lines, waiting)
        _write_due(lines, due, base, today)
        lines.heading("各单位已确认的事实")
        lines.bullets(f"{unit}：{_tally(tally)}" for unit, tally in units.items())
    lines.heading("各条目（近 90 天问得多的在前）")
    start = page * ENTRIES_A_PAGE
    shown = standings[start : start + ENTRIES_A_PAGE]
    rows = tuple(
        (
            standing.entry.short_name + ("（暂停）" if standing.entry.paused else ""),
            _tally(standing.tally),
            str(standing.asked),
            standing.entry.review_on.isoformat(),
        )
        for standing in shown
    )
    table = Table(("条目", "已确认", "问过", "复核日"), rows)
    more = start + ENTRIES_A_PAGE < len(standings)
    turn = (Button("后面的", f"review:{page + 1}"),) if more else ()
    entries = [Button(s.entry.short_name, f"entry:{s.entry.id}") for s in shown]
    return Reply(
        lines.text,
        headings=lines.headings,
        table=table,
        buttons=(
            *((Button(f"看修改 {e.id}", f"change:{e.id}"),) for e in waiting[:EDITS_SHOWN]),
            *(tuple(entries[at : at + 3]) for at in range(0, len(entries), 3)),
            (*turn, MENU),
        ),
    )


def _write_waiting(lines: Lines, waiting: Sequence[KnowledgeEdit]) -> None:
    if not waiting:
        return
    lines.heading(f"等复核的修改 {len(waiting)} 条")
    lines.bullets(
        f"{edit.id}｜{ORIGINS[edit.proposal.origin]}｜{shorten(edit.proposal.told[0], 60)}"
        for edit in waiting[:EDITS_SHOWN]
    )


def _write_due(lines: Lines, due: Sequence[Due], base: KnowledgeBase, today: date) -> None:
    if not due:
        lines.add("14 天内没有要复核的条目。")
        return
    lines.heading("该复核的条目")
    lines.bullets(_due_line(d, base, today) for d in due[:SHOWN])


def _due_line(due: Due, base: KnowledgeBase, today: date) -> str:
    entry = base.entries[due.entry_id]
    owner = base.departments.get(entry.owner or "")
    whose = owner.name if owner else "没有归口"
    if due.kind == "expired":
        said = f"{format_full_day(due.on)}已停用，材料不再当事实讲"
    else:
        said = format_full_day(due.on) + ("（已过期）" if due.on < today else "")
    return f"{entry.name}：{said}（{whose}）"


def _tally(tally: Tally) -> str:
    return f"已确认 {tally.confirmed} / {tally.total}"


def review_due_reply(due: Sequence[Due], base: KnowledgeBase, today: date) -> Reply | None:
    """Tell an owner unit or the editors what comes due; nothing where the entries are gone."""
    known = [d for d in due if d.entry_id in base.entries]
    if not known:
        return None
    lines = Lines()
    lines.add("下面的条目该复核了，请核对材料、时限、收费、地点，有变化告诉编辑：")
    lines.bullets(_due_line(d, base, today) for d in known)
    return Reply(lines.text, buttons=((MENU,),))


# One entry.


def entry_reply(standing: Standing, owner: str | None, diagram: str | None) -> Reply:
    """Show an entry to its editor."""
    entry = standing.entry
    lines = Lines()
    lines.add(entry.name)
    lines.add(
        f"归口：{owner or '没有登记'}；{_tally(standing.tally)}；近 90 天问过 {standing.asked} 次"
    )
    lines.add(f"复核日：{format_full_day(entry.review_on)}")
    lines.add(f"暂停中：{entry.paused}" if entry.paused else "正常回答")
    if entry.editor_notes:
        lines.heading("编辑备注")
        lines.bullets(shorten(note, 200) for note in entry.editor_notes)
    if diagram is not None:
        lines.heading("问题图（Mermaid）")
        lines.add(diagram)
    switch = (
        Button("恢复回答", f"resume:{entry.id}")
        if entry.paused
        else Button("暂停回答", f"pause:{entry.id}")
    )
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=((switch, Button("问题图", f"diagram:{entry.id}")), (REVIEW, MENU)),
    )


def choose_entry_reply(entries: Sequence[ServicePackage]) -> Reply:
    """Offer entries to open."""
    rows = [(Button(e.short_name, f"entry:{e.id}"),) for e in entries]
    return Reply("要看哪一件？", buttons=(*rows, (MENU,)))


def ask_pause_reply(entry: ServicePackage) -> Reply:
    """Ask why an entry stops being answered."""
    rows = [
        (Button(reason, f"pause:{entry.id}:{number}"),)
        for number, reason in enumerate(PAUSE_REASONS)
    ]
    return Reply(
        f"为什么暂停“{entry.name}”？点一个，或写一句（10 分钟内），群众会看到。"
        f"暂停后只告诉群众去窗口或打 {HOTLINE} 问。",
        buttons=(*rows, (Button("取消", f"entry:{entry.id}"),)),
    )


def paused_reply(entry: ServicePackage, reason: str) -> Reply:
    """Confirm that an entry is no longer answered."""
    return Reply(
        f"已暂停回答“{entry.name}”：{reason}。群众现在会看到去窗口或打 {HOTLINE}。",
        buttons=((Button("看这个条目", f"entry:{entry.id}"), MENU),),
    )


# Reload.


def reloading_reply() -> Reply:
    """Say that the files are being read."""
    return Reply("正在重新读取知识库，几秒后告诉您结果；这期间照常回答。")


def reload_told_reply(told: Sequence[str]) -> Reply:
    """Tell what came of a reload."""
    return Reply("\n".join(told), buttons=((MENU,),))


def refused_lines(problems: Sequence[Problem]) -> tuple[str, ...]:
    """Say that the old base stays in force, and why."""
    errors = [p for p in problems if p.severity is Severity.ERROR]
    lines = Lines()
    lines.add(f"没有更新：有 {len(errors)} 处错误，原来的内容继续用。")
    lines.bullets(str(p) for p in errors[:SHOWN])
    return tuple(lines.text.split("\n"))


def reloaded_lines(changed: Sequence[Change], problems: Sequence[Problem]) -> tuple[str, ...]:
    """List what changed, in words."""
    lines = Lines()
    lines.add(f"知识库已更新，{len(changed)} 处变化。" if changed else "知识库没有变化。")
    lines.bullets(f"{change.entry_id or '公共'}：{change.text}" for change in changed[:SHOWN])
    if len(changed) > SHOWN:
        lines.add(f"……其余 {len(changed) - SHOWN} 处略")
    if problems:
        lines.add(f"另有 {len(problems)} 条提醒，用 python -m bot check 看。")
    return tuple(lines.text.split("\n"))


def touched_lines(touched: TouchedSlips) -> tuple[str, ...]:
    """Name the slips already handed out that now read differently, and who must be told."""
    if not touched.count:
        return ()
    more = "……" if touched.count > len(touched.tails) else ""
    lines = [
        f"已发出的告知单有 {touched.count} 张内容变了，尾号：{'、'.join(touched.tails)}{more}。"
    ]
    told = [*touched.departments, *(f"窗口 {window}" for window in touched.windows)]
    if told:
        lines.append(f"要告诉：{'、'.join(told)}。")
    return tuple(lines)


def not_written_lines(failures: Sequence[str]) -> tuple[str, ...]:
    """Name the changes that did not pass the checker."""
    return tuple(f"有一处修改没有写入：{failure}" for failure in failures)
