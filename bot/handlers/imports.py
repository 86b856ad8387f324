"""导入 by upload: read a table, show what it would do, and take it at its sender's word.

A file comes with the page's form, which names its kind, or alone in chat, where the kind is found
from its header. What waits for 确认 is kept in `desk.waiting` for its sender, for half an hour.

These handlers take seconds, so the router calls them before its own transaction (`router.EARLY`)
and the channels in a worker thread over a connection of its own (`bot/channels/beside.py`).
What is written, `apply_plan` and the sweep write in transactions of their own, and harmlessly
again: a press that is repeated, even after the reply was lost, finds the table taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Channel, Document, Incoming, Person, Refusal, Reply, Role, Scope
from bot.importing.apply import Result, Statement
from bot.importing.cases import data_as_of
from bot.importing.columns import Kind, NoTable, find_table
from bot.importing.plan import MOST_BAD_IN_A_HUNDRED, Plan
from bot.importing.sheets import UnreadableFile, open_book
from bot.importing.uploads import UPLOAD_LIMIT, apply_plan, plan_upload, preview_plan
from bot.records.audit import Deed, record_deed
from bot.records.roster import Member, Roster
from bot.views import imports as view
from bot.views.staff import scope_words
from reminders.cases import CaseRow, Extent
from reminders.certificates import CertificateRow
from reminders.sweep import sweep_overdue

UPLOADERS = frozenset({Role.LEAD, Role.DEPARTMENT, Role.SUPERVISOR})
WAITING = timedelta(minutes=30)
LONGEST_NAME = 80
# Cases and staff are taken in one transaction, and everybody's answers wait for it.
MOST_ROWS = 100_000

# Who may list whom in a roster: nobody a superior, since the roster is what codes are made from.
LISTS: Mapping[Role, frozenset[Role]] = {
    Role.LEAD: frozenset({Role.CLERK, Role.LEAD}),
    Role.DEPARTMENT: frozenset({Role.CLERK, Role.DEPARTMENT}),
    Role.SUPERVISOR: frozenset({Role.CLERK, Role.LEAD, Role.DEPARTMENT, Role.SUPERVISOR}),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A table that was read and waits for its sender's word."""

    plan: Plan[Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """A table that was taken, and what was said of it: a second press hears the same."""

    reply: Reply


def offer(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Say how a table gets in."""
    del argument
    return view.how_reply(_page(desk, incoming))


def _page(desk: Desk, incoming: Incoming) -> str | None:
    """Return the form's address; on the page itself the path alone."""
    if incoming.channel is Channel.WEB:
        return view.UPLOAD
    return desk.links.page_url(view.UPLOAD)


# -- the dry run


def receive(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Read a table that somebody sent and show what it would do."""
    upload = incoming.upload
    if upload is None:
        raise Refusal("button_unknown")
    if incoming.person.role not in UPLOADERS:
        return view.not_yours_reply()
    if incoming.discreet:
        return view.on_page_reply(_page(desk, incoming))
    name = _plain_name(upload.name)
    kind = Kind(arguments[0]) if arguments and arguments[0] in set(Kind) else None
    if kind is None:
        try:
            found = _kind_of(upload.content, name)
        except UnreadableFile as error:
            return view.unreadable_reply(name, (error.message,))
        if not isinstance(found, Kind):
            return view.unrecognised_reply(name, found)
        kind = found
    return _planned(desk, incoming, plan_upload(desk, kind, name, upload.content))


def _plain_name(name: str) -> str:
    """Return a file's name alone, short and on one line, as it may be shown and recorded."""
    last = PurePath(name.replace("\\", "/")).name
    readable = "".join(mark for mark in last if mark.isprintable()).strip()
    return readable[-LONGEST_NAME:] or "表格"


def _kind_of(content: bytes, name: str) -> Kind | dict[str, str]:
    """Return the kind whose header the file has, or what each kind misses in it."""
    book = open_book(content, name, limit=UPLOAD_LIMIT)
    problems = {}
    for kind in Kind:
        table = find_table(book, kind)
        if not isinstance(table, NoTable):
            return kind
        problems[kind.value] = table.problem
    return problems


def _planned(desk: Desk, incoming: Incoming, plan: Plan[Any]) -> Reply:
    person = incoming.person
    if not plan.may_apply and not plan.refused_rows:
        return view.unreadable_reply(plan.file, [str(problem) for problem in plan.problems])
    if plan.read > MOST_ROWS and plan.kind is not Kind.CERTIFICATES:
        return view.too_many_rows_reply(_table(plan), MOST_ROWS)
    places, roles = _beyond(desk, person, plan)
    if places or roles:
        return view.outside_reply(_table(plan), places, roles, scope_words(person.scope))
    now = desk.now()
    key = desk.waiting.put(Planned(plan), person.id, until=now + WAITING, now=now)
    reply = _shown(desk, incoming, key, plan)
    if plan.refused_rows and incoming.channel is not Channel.WEB:
        return replace(reply, then=(view.faulty_reply(_faulty(plan)),))
    return reply


def _beyond(
    desk: Desk, person: Person, plan: Plan[Any]
) -> tuple[tuple[str, ...], tuple[Role, ...]]:
    """Name the places and roles in a table that its sender certainly does not answer for.

    A row without a district, or of a unit we do not know by name, is nobody else's for certain.
    """
    own, known = person.scope, desk.base.departments
    places, roles = set[str](), set[Role]()
    for _, row in plan.rows():
        place = _place_of(row)
        if own.district is not None and place.district not in (None, own.district):
            places.add(str(place.district))
        if own.department is not None and place.department != own.department:
            department = known.get(place.department or "")
            places |= {department.name} if department else set()
        if isinstance(row, Member) and row.role not in LISTS[person.role]:
            roles.add(row.role)
    return tuple(sorted(places)), tuple(sorted(roles))


def _place_of(row: CaseRow | CertificateRow | Member) -> Scope:
    if isinstance(row, CertificateRow):
        return Scope(row.district, row.department)
    return row.scope


def _shown(desk: Desk, incoming: Incoming, key: str, plan: Plan[Any]) -> Reply:
    table = _table(plan)
    if plan.refused_rows and incoming.channel is Channel.WEB:
        # Not a document of the conversation there: it would stay in the records, names and all.
        table = replace(table, faulty_url=f"{view.UPLOAD}/faulty/{key}")
    if not plan.may_apply:
        return view.too_faulty_reply(table, MOST_BAD_IN_A_HUNDRED)
    said = Statement(by_person_id=incoming.person.id)
    counts = _counts(preview_plan(desk, plan, said))
    return view.plan_reply(key, table, counts, _range(desk, plan))


def _table(plan: Plan[Any]) -> view.Table:
    return view.Table(
        kind=plan.kind.value,
        name=plan.file,
        read=plan.read,
        refused=plan.refused,
        problems=tuple(str(problem) for problem in plan.problems),
        dropped=plan.table.dropped if plan.table else (),
    )


def _faulty(plan: Plan[Any]) -> Document:
    from bot.importing.faulty import faulty_rows

    return Document(f"{PurePath(plan.file).stem}-有误.xlsx", faulty_rows(plan))


def faulty_sheet(desk: Desk, person: Person, key: str) -> Document | None:
    """Return the bad rows of a table that waits for this person, for the page."""
    planned = desk.waiting.get(key, person.id, Planned, now=desk.now())
    return _faulty(planned.plan) if planned and planned.plan.refused_rows else None


def _counts(result: Result) -> view.Counts:
    return view.Counts(
        result.added,
        result.updated,
        result.closed,
        result.unchanged,
        result.missing,
        result.taken_before,
    )


def _range(desk: Desk, plan: Plan[Any]) -> view.Range | None:
    if plan.coverage is None or plan.table is None:
        return None
    known = desk.base.departments
    return view.Range(
        plan.coverage,
        tuple(known[d].name if d in known else d for d in plan.coverage.departments),
        sum(1 for _, row in plan.rows() if row.scope.district is None),
        data_as_of(plan.table),
    )


# -- the sender's word


def say_extent(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take the sender's word that a file holds the open cases only, or all."""
    key, extent = _key_and_extent(arguments)
    waiting = _waiting(desk, incoming, key)
    if isinstance(waiting, Reply):
        return waiting
    reply = _shown(desk, incoming, key, _with_extent(waiting.plan, extent))
    return replace(reply, replaces=True)


def take(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take a table into the records and re-evaluate the cases at once."""
    key, extent = _key_and_extent(arguments)
    waiting = _waiting(desk, incoming, key)
    if isinstance(waiting, Reply):
        return waiting
    plan = _with_extent(waiting.plan, extent)
    if not plan.may_apply:
        raise Refusal("button_unknown")
    with desk.long_writes.one():
        result = apply_plan(desk, plan, Statement(by_person_id=incoming.person.id))
    with transaction(desk.db):
        subject = f"import:{plan.kind}:{plan.read}"
        record_deed(desk.db, incoming.person, Deed.CHANGED, subject, now=desk.now())
    messages = _reevaluate(desk) if plan.kind is Kind.CASES else None
    reply = view.taken_reply(_table(plan), _counts(result), extent, messages)
    desk.waiting.change(key, Taken(reply))
    return reply


def drop(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Decline a table: nothing of it is kept."""
    key, _ = _key_and_extent(arguments)
    waiting = _waiting(desk, incoming, key)
    if isinstance(waiting, Reply):
        return waiting
    desk.waiting.drop(key)
    return view.dropped_reply()


def _key_and_extent(arguments: tuple[str, ...]) -> tuple[str, Extent | None]:
    if not arguments:
        raise Refusal("button_unknown")
    extent = Extent(arguments[1]) if len(arguments) > 1 and arguments[1] in set(Extent) else None
    return arguments[0], extent


def _waiting(desk: Desk, incoming: Incoming, key: str) -> Planned | Reply:
    """Return what waits for this person, or what to say where it does no longer."""
    if incoming.discreet:
        return view.on_page_reply(_page(desk, incoming))
    now, person_id = desk.now(), incoming.person.id
    taken = desk.waiting.get(key, person_id, Taken, now=now)
    if taken is not None:
        return taken.reply
    return desk.waiting.get(key, person_id, Planned, now=now) or view.gone_reply()


def _with_extent(plan: Plan[Any], extent: Extent | None) -> Plan[Any]:
    """Correct the range the file proposes: 在办 or 全部 is what its rows cannot show."""
    if extent is None or plan.coverage is None:
        return plan
    return replace(plan, coverage=replace(plan.coverage, extent=extent))


def _reevaluate(desk: Desk) -> int:
    """Tell at once who must be told by the new data; at night and on rest days nobody."""
    swept = sweep_overdue(
        desk.db,
        desk.calendar,
        desk.settings.oversight.rules(),
        now=desk.now(),
        transaction=transaction,
        staffing=Roster(desk.db),
    )
    return swept.messages
