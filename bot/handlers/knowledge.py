"""The editor's words: gaps, review, changes that wait, pausing an entry, reload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.desk import Desk
from bot.dialogue import Incoming, Person, Recipient, Refusal, Reply
from bot.editing import (
    alias_edit,
    due_for_review,
    hand_in,
    may_write,
    pause_edit,
    pause_now,
)
from bot.previews import listed_reply
from bot.records import audit, conversations, people
from bot.records import gaps as gap_records
from bot.records.audit import Deed
from bot.records.conversations import Awaited
from bot.records.gaps import GapGroup, Settled
from bot.records.knowledge_edits import (
    KnowledgeEdit,
    Origin,
    Proposal,
    State,
    decide,
    edit_by_id,
    edits_in,
)
from bot.reloading import bring_up_to_date
from bot.reports.knowledge_use import asked_counts
from bot.views import knowledge as view
from bot.views.diagram import diagram
from bot.views.knowledge import Standing
from bot.views.questions import nothing_reply
from knowledge.checks.wording import check_names, key_of
from knowledge.editing.facts import tallies, tally, unit_tally
from knowledge.model import ServicePackage
from knowledge.positions import Positions, Report
from knowledge.problems import Severity
from reminders import outbox
from reminders.alerts import Alert

LONGEST_ALIAS = 40
LONGEST_REASON = 80
FOUND = 5
NOWHERE = Positions(None)


def gaps(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the questions that found nothing, alike ones together."""
    del incoming, argument
    groups = gap_records.gap_groups(desk.db)
    return view.gaps_reply(groups, desk.base, gap_records.entry_tasks(desk.db))


def open_gaps(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the questions that found nothing."""
    del arguments
    return gaps(desk, incoming, "")


def open_gap(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show one group of questions and what can be done with it."""
    group = _group(desk, arguments)
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return view.gap_reply(group, desk.base)


def _group(desk: Desk, arguments: Sequence[str]) -> GapGroup:
    return gap_records.gap_group(desk.db, _number(arguments))


def _number(arguments: Sequence[str]) -> int:
    if not arguments or not arguments[0].isdecimal():
        raise Refusal("button_unknown")
    return int(arguments[0])


def ask_gap_entry(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await words to find the entry a group belongs to."""
    group = _group(desk, arguments)
    person_id = incoming.person.id
    conversations.await_text(desk.db, person_id, Awaited.GAP_ENTRY, str(group.id), now=desk.now())
    return view.ask_entry_reply(group)


def take_gap_entry(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Offer the entries that the words find."""
    group = _group(desk, [_subject(desk, incoming)])
    return view.entries_found_reply(group, _found(desk, text))


def _found(desk: Desk, text: str) -> list[ServicePackage]:
    candidates = desk.search.understand(text).candidates[:FOUND]
    return [desk.base.entries[c.entry_id] for c in candidates if c.entry_id in desk.base.entries]


def _subject(desk: Desk, incoming: Incoming) -> str:
    """Return what the awaited text is about, and await no more."""
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return conversation.awaiting_subject or ""


def preview_alias(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show what a citizen reads before and after an alias, if it may be one."""
    del incoming
    group, entry = _group_and_entry(desk, arguments)
    before, after = _before_and_after(desk, group, entry)
    return view.confirm_alias_reply(group, entry, group.question, before, after)


def _group_and_entry(desk: Desk, arguments: Sequence[str]) -> tuple[GapGroup, ServicePackage]:
    group = _group(desk, arguments)
    if len(arguments) != 2:
        raise Refusal("button_unknown")
    return group, _entry(desk, arguments[1:])


def _entry(desk: Desk, arguments: Sequence[str]) -> ServicePackage:
    """Return an entry for its editor, paused or not."""
    entry = desk.base.entries.get(arguments[0]) if arguments else None
    if entry is None:
        raise Refusal("entry_unknown")
    return entry


def _before_and_after(desk: Desk, group: GapGroup, entry: ServicePackage) -> tuple[Reply, Reply]:
    near = [desk.base.entries[id_] for id_ in group.nearest if id_ in desk.base.entries]
    return nothing_reply(near), listed_reply(desk, entry, {})


def ask_alias(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Await the wording that becomes the alias."""
    group, entry = _group_and_entry(desk, arguments)
    subject = f"{group.id}:{entry.id}"
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.GAP_ALIAS, subject, now=desk.now()
    )
    return view.ask_alias_reply(group, entry)


def take_alias(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Add the editor's own wording as an alias."""
    group, entry = _group_and_entry(desk, _subject(desk, incoming).split(":"))
    return _add_alias(desk, incoming, group, entry, " ".join(text.split()))


def add_alias(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Add a group's wording to an entry's aliases."""
    group, entry = _group_and_entry(desk, arguments)
    return _add_alias(desk, incoming, group, entry, group.question)


def _add_alias(
    desk: Desk, incoming: Incoming, group: GapGroup, entry: ServicePackage, alias: str
) -> Reply:
    """Hand in an alias; raise Refusal `alias_clash` with the checker's own reason."""
    why = alias_clash(desk, entry, alias)
    if why is not None:
        raise Refusal("alias_clash", {"why": why})
    proposal = Proposal(
        Origin.GAP,
        entry.id,
        (alias_edit(entry.id, alias),),
        (f"“{entry.name}”新增说法“{alias}”",),
        view.alias_preview(*_before_and_after(desk, group, entry)),
    )
    edit = hand_in(desk.db, desk.settings, proposal, incoming.person, now=desk.now())
    gap_records.settle_group(desk.db, group, Settled.ALIAS, now=desk.now())
    return _handed_in(desk, incoming, edit)


def alias_clash(desk: Desk, entry: ServicePackage, alias: str) -> str | None:
    """Return why a wording cannot be an alias of an entry, by the checker's rules on names.

    Only those are looked at here, since they take milliseconds; the whole check follows before
    anything is written.
    """
    if not 2 <= len(alias) <= LONGEST_ALIAS:
        return f"要 2 到 {LONGEST_ALIAS} 个字"
    owner = _owner_of(desk, alias)
    if owner is not None:
        return f"“{alias}”已经是“{owner.name}”的说法，同一句话只能指一件事"
    changed = entry.model_copy(update={"aliases": (*entry.aliases, alias)})
    entries = {**desk.base.entries, entry.id: changed}
    report = Report(NOWHERE)
    check_names(desk.base.model_copy(update={"entries": entries}), report)
    before = Report(NOWHERE)
    check_names(desk.base, before)
    fresh = set(report.problems()) - set(before.problems())
    return next((p.text for p in fresh if p.severity is Severity.ERROR or alias in p.text), None)


def _owner_of(desk: Desk, alias: str) -> ServicePackage | None:
    """Return the entry that is already found by a wording."""
    key = key_of(alias)
    for known in desk.base.entries.values():
        if key in map(key_of, (known.name, known.short_name, *known.aliases)):
            return known
    return None


def _handed_in(desk: Desk, incoming: Incoming, edit: KnowledgeEdit) -> Reply:
    _note(desk, incoming.person, edit)
    reply = view.handed_in_reply(edit, waits=edit.state is State.WAITING)
    if edit.state is State.WAITING:
        return reply
    return replace(reply, then=(*reply.then, *_bring_into_force(desk, incoming)))


def _note(desk: Desk, person: Person, edit: KnowledgeEdit) -> None:
    subject = f"knowledge-edit:{edit.id}"
    audit.record_deed(desk.db, person, Deed.CHANGED, subject, now=desk.now())


def _bring_into_force(desk: Desk, incoming: Incoming) -> tuple[Reply, ...]:
    """Have approved changes written: beside the answering in a running program, else now."""
    if desk.library.reload_later is not None:
        desk.library.reload_later(incoming.person.id)
        return ()
    reloaded = bring_up_to_date(desk.db, desk.settings, desk.base, now=desk.now())
    if reloaded.fresh is not None:
        desk.library.current = reloaded.fresh
    return (view.reload_told_reply(reloaded.told),)


def want_entry(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Note that an entry is to be written for a group."""
    group = _group(desk, arguments)
    gap_records.open_entry_task(desk.db, group, incoming.person, now=desk.now())
    gap_records.settle_group(desk.db, group, Settled.ENTRY, now=desk.now())
    return view.entry_task_reply(group)


def drop_gap(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take a group off the list for good."""
    del incoming
    group = _group(desk, arguments)
    gap_records.settle_group(desk.db, group, Settled.DROPPED, now=desk.now())
    return view.gap_dropped_reply()


def review(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show what waits, what is due within 14 days, and how much is confirmed."""
    del argument
    return _review(desk, incoming, 0)


def open_review(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the review, from a page on."""
    return _review(desk, incoming, _number(arguments) if arguments else 0)


def _review(desk: Desk, incoming: Incoming, page: int) -> Reply:
    del incoming
    base = desk.base
    counted = tallies(base)
    units = {
        department.name: unit_tally(counted, department.id)
        for department in base.departments.values()
        if any(unit == department.id for _, unit in counted)
    }
    asked = asked_counts(desk.db, now=desk.now())
    standings = [Standing(e, tally(e), asked.get(e.id, 0)) for e in base.entries.values()]
    return view.review_reply(
        edits_in(desk.db, State.WAITING),
        due_for_review(base, now=desk.now()),
        dict(sorted(units.items(), key=lambda pair: -pair[1].total)),
        sorted(standings, key=lambda s: (-s.asked, s.entry.id)),
        base=base,
        page=page,
        today=desk.today(),
    )


def open_edit(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show a change that waits, with the citizen's text before and after."""
    del incoming
    edit = edit_by_id(desk.db, _number(arguments))
    if edit.state is not State.WAITING:
        raise Refusal("edit_decided")
    maker = people.person_by_id(desk.db, edit.made_by).name if edit.made_by else None
    return view.edit_reply(edit, maker)


def approve_edit(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Approve a change as the second editor; it is checked once more and written."""
    edit = edit_by_id(desk.db, _number(arguments))
    if not may_write(desk.settings):
        raise Refusal("knowledge_shipped")
    decide(desk.db, edit, incoming.person, State.APPROVED, now=desk.now())
    _note(desk, incoming.person, edit)
    reply = view.edit_approved_reply()
    return replace(reply, then=_bring_into_force(desk, incoming))


def decline_edit(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Send a change back; its maker is told, and its gap stands open again."""
    edit = edit_by_id(desk.db, _number(arguments))
    decide(desk.db, edit, incoming.person, State.DECLINED, now=desk.now())
    _note(desk, incoming.person, edit)
    if edit.proposal.origin is Origin.GAP:
        for one in edit.proposal.edits:
            gap_records.reopen_question(desk.db, str(one.value))
    if edit.made_by is not None:
        maker = Recipient(person_id=edit.made_by)
        key = f"edit_declined:{edit.id}"
        alert = Alert("edit_declined", maker, {"edit": str(edit.id)}, key)
        outbox.put(desk.db, (alert,), now=desk.now())
    return view.edit_declined_reply(edit)


def entry(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show an entry to its editor, by id or by words."""
    if argument in desk.base.entries:
        return open_entry(desk, incoming, (argument,))
    return view.choose_entry_reply(_found(desk, argument) if argument else [])


def open_entry(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show an entry: owner, confirmed facts, review date, whether it is paused."""
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return _shown(desk, _entry(desk, arguments), None)


def draw_entry(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show an entry with its questions and what each answer adds, as Mermaid text."""
    del incoming
    found = _entry(desk, arguments)
    return _shown(desk, found, diagram(desk.base, found))


def _shown(desk: Desk, found: ServicePackage, drawn: str | None) -> Reply:
    asked = asked_counts(desk.db, now=desk.now()).get(found.id, 0)
    owner = desk.base.departments.get(found.owner or "")
    standing = Standing(found, tally(found), asked)
    return view.entry_reply(standing, owner.name if owner else None, drawn)


def pause(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask why an entry is paused, or pause it for the reason chosen."""
    found = _entry(desk, arguments)
    if not may_write(desk.settings):
        raise Refusal("knowledge_shipped")
    if len(arguments) == 2 and arguments[1] in map(str, range(len(view.PAUSE_REASONS))):
        return _pause(desk, incoming, found, view.PAUSE_REASONS[int(arguments[1])])
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.PAUSE_REASON, found.id, now=desk.now()
    )
    return view.ask_pause_reply(found)


def take_pause_reason(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Pause an entry for the reason written."""
    found = _entry(desk, [_subject(desk, incoming)])
    return _pause(desk, incoming, found, " ".join(text.split())[:LONGEST_REASON])


def _pause(desk: Desk, incoming: Incoming, found: ServicePackage, reason: str) -> Reply:
    """Stop answering at once: in memory now, in the file right after."""
    conversations.stop_awaiting(desk.db, incoming.person.id)
    told = (f"“{found.name}”暂停回答：{reason}",)
    edits = (pause_edit(found.id, reason),)
    proposal = Proposal(Origin.CHAT, found.id, edits, told, "")
    edit = hand_in(desk.db, desk.settings, proposal, incoming.person, now=desk.now())
    _note(desk, incoming.person, edit)
    pause_now(desk)
    reply = view.paused_reply(found, reason)
    return replace(reply, then=_bring_into_force(desk, incoming))


def resume(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Answer from an entry again; where two persons are needed, after the second one's word."""
    found = _entry(desk, arguments)
    told = (f"“{found.name}”恢复回答",)
    edits = (pause_edit(found.id, None),)
    preview = view.opening_of(listed_reply(desk, found, {}))
    proposal = Proposal(Origin.CHAT, found.id, edits, told, preview)
    edit = hand_in(desk.db, desk.settings, proposal, incoming.person, now=desk.now())
    return _handed_in(desk, incoming, edit)


def reload(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Read the knowledge files again; a bad set leaves the old one in force.

    In a running program this is done beside the answering and told when it is done.
    """
    del argument
    told = _bring_into_force(desk, incoming)
    return told[0] if told else view.reloading_reply()
