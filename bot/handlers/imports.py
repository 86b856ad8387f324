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
from bot.importing.uploads import (
    UPLOAD_LIMIT,
    apply_plan,
    count_missing,
    plan_upload,
    preview_plan,
)
from bot.importing.values import names_of, nearest_kinds
from bot.oversight import run_overdue
from bot.records.audit import Deed, record_deed
from bot.records.roster import Member
from bot.views import imports as view
from bot.views.places import scope_words
from reminders.cases import CaseRow, Covers, Extent
from reminders.certificates import CertificateRow

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
        return view.too_many_rows_reply(table_of(desk, plan), MOST_ROWS)
    places, roles = _beyond(desk, person, plan)
    if places or roles:
        return view.outside_reply(
            table_of(desk, plan), places, roles, scope_words(desk.base, person.scope)
        )
    now = desk.now()
    key = desk.waiting.put(Planned(plan), person.id, until=now + WAITING, now=now)
    reply = _shown(desk, incoming, key, plan, _proposed(plan))
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
        # Whose a kind usually is says nothing certain about this row.
        return Scope(row.district, row.department if row.issuer_recognised else row.issuer)
    return row.scope


def _proposed(plan: Plan[Any]) -> view.Said | None:
    """Return what the file itself proposes."""
    if plan.coverage is None:
        return None
    return view.Said(plan.coverage.extent)


def _shown(
    desk: Desk, incoming: Incoming, key: str, plan: Plan[Any], said: view.Said | None
) -> Reply:
    table = table_of(desk, plan)
    if plan.refused_rows and incoming.channel is Channel.WEB:
        # Not a document of the conversation there: it would stay in the records, names and all.
        table = replace(table, faulty_url=f"{view.UPLOAD}/faulty/{key}")
    if not plan.may_apply:
        return view.too_faulty_reply(table, MOST_BAD_IN_A_HUNDRED)
    plan, statement = _as_said(incoming.person, plan, said)
    counts = _counts(preview_plan(desk, plan, statement))
    covered = _range(desk, plan, said, statement.covers) if said else None
    if covered is not None and covered.said.days is view.Days.ROWS:
        anyday = replace(covered.said, days=view.Days.ANY)
        missing = count_missing(desk, *_as_said(incoming.person, plan, anyday)) - counts.missing
        covered = replace(covered, missing_other_days=missing)
    return view.plan_reply(key, table, counts, covered)


def table_of(desk: Desk, plan: Plan[Any]) -> view.Table:
    """Return what there is to say of a table as it was read."""
    return view.Table(
        kind=plan.kind.value,
        name=plan.file,
        read=plan.read,
        refused=plan.refused,
        problems=tuple(str(problem) for problem in plan.problems),
        dropped=plan.table.dropped if plan.table else (),
        unknown_kinds=_unknown_kinds(desk, plan),
        unknown_issuers=tuple(
            view.UnknownName(one.name, one.rows)
            for one in plan.unrecognised
            if one.column == "issuer"
        ),
    )


def _unknown_kinds(desk: Desk, plan: Plan[Any]) -> tuple[view.UnknownName, ...]:
    """Return the kinds that nobody has registered a rule for, each with the nearest known."""
    found = [one for one in plan.unrecognised if one.column == "kind"]
    if not found:
        return ()
    names, known = names_of(desk.base), desk.base.certificates
    return tuple(
        view.UnknownName(
            one.name, one.rows, tuple(known[near].name for near in nearest_kinds(names, one.name))
        )
        for one in found
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


def _range(
    desk: Desk, plan: Plan[Any], said: view.Said, stated: Covers | None
) -> view.Range | None:
    covers = stated or plan.coverage
    if covers is None or plan.table is None:
        return None
    known = desk.base.departments
    return view.Range(
        covers,
        tuple(known[d].name if d in known else d for d in covers.departments),
        sum(1 for _, row in plan.rows() if row.scope.district is None),
        data_as_of(plan.table),
        said,
    )


def _as_said(
    person: Person, plan: Plan[Any], said: view.Said | None
) -> tuple[Plan[Any], Statement]:
    """Return the plan and the statement that the sender's word makes of a proposal.

    Places as in the rows stay a proposal: that of a table without districts must not reach
    beyond the places its rows show.
    """
    if said is None or plan.coverage is None:
        return plan, Statement(by_person_id=person.id)
    accepted = [row.accepted_on for _, row in plan.rows()] if said.days is view.Days.ROWS else []
    covers = replace(
        plan.coverage,
        extent=said.extent,
        accepted_from=min(accepted, default=None),
        accepted_to=max(accepted, default=None),
    )
    if said.places is view.Places.ROWS:
        return replace(plan, coverage=covers), Statement(by_person_id=person.id)
    own = person.scope
    districts = (own.district,) if own.district else ()
    departments = (own.department,) if own.department else ()
    wide = replace(covers, districts=districts, departments=departments)
    return plan, Statement(wide, by_person_id=person.id)


# -- the sender's word


def say_extent(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take the sender's word on what a file covers: 在办 or 全部, which places, which days."""
    key, said = _key_and_word(arguments)
    waiting = _waiting(desk, incoming, key)
    if isinstance(waiting, Reply):
        return waiting
    reply = _shown(desk, incoming, key, waiting.plan, said or _proposed(waiting.plan))
    return replace(reply, replaces=True)


def take(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take a table into the records and re-evaluate the cases at once."""
    key, said = _key_and_word(arguments)
    waiting = _waiting(desk, incoming, key)
    if isinstance(waiting, Reply):
        return waiting
    plan = waiting.plan
    if not plan.may_apply:
        raise Refusal("button_unknown")
    with desk.long_writes.one():
        result = apply_plan(desk, *_as_said(incoming.person, plan, said))
    with transaction(desk.db):
        subject = f"import:{plan.kind}:{plan.read}"
        record_deed(desk.db, incoming.person, Deed.CHANGED, subject, now=desk.now())
    # The same sweep as the program's and the command line's, so that all who hear hear the same.
    messages = run_overdue(desk, desk.db).messages if plan.kind is Kind.CASES else None
    reply = view.taken_reply(
        table_of(desk, plan), _counts(result), said.extent if said else None, messages
    )
    desk.waiting.change(key, Taken(reply))
    return reply


def drop(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Decline a table: nothing of it is kept."""
    key, _ = _key_and_word(arguments)
    waiting = _waiting(desk, incoming, key)
    if isinstance(waiting, Reply):
        return waiting
    desk.waiting.drop(key)
    return view.dropped_reply()


def _key_and_word(arguments: tuple[str, ...]) -> tuple[str, view.Said | None]:
    """Read a button's arguments: the key, and what was said of the range, if anything."""
    if not arguments:
        raise Refusal("button_unknown")
    key, *words = arguments
    try:
        extent, places, days = words
        return key, view.Said(Extent(extent), view.Places(places), view.Days(days))
    except ValueError:
        return key, None


def _waiting(desk: Desk, incoming: Incoming, key: str) -> Planned | Reply:
    """Return what waits for this person, or what to say where it does no longer."""
    if incoming.discreet:
        return view.on_page_reply(_page(desk, incoming))
    now, person_id = desk.now(), incoming.person.id
    taken = desk.waiting.get(key, person_id, Taken, now=now)
    if taken is not None:
        return taken.reply
    return desk.waiting.get(key, person_id, Planned, now=now) or view.gone_reply()
