"""办件: a clerk's own cases and what can be done about each; a supervisor's figures and acts."""

from __future__ import annotations

from datetime import date

from bot.case_access import (
    acts_on,
    any_case,
    case_refusal,
    case_to_see,
    case_to_work,
    may_approve,
    page_asked,
    rules_of,
    standing_now,
    viewer_of,
)
from bot.desk import Desk
from bot.dialogue import Incoming, Recipient, Refusal, Reply, Role, Scope
from bot.records import conversations, people
from bot.records.roster import Roster, colleagues
from bot.reports import oversight
from bot.reports.unit_sheet import (
    MONTHS,
    TREND_DAYS,
    causes_by_month,
    last_working_days,
    month_before,
)
from bot.views import case_proof as proof_view
from bot.views import cases as view
from bot.views import unit_sheet as unit_view
from bot.views.places import scope_words
from reminders import case_work, outbox
from reminders.acts import (
    waiting_acts,
)
from reminders.alerts import Alert
from reminders.case_work import Cause, NotAllowed
from reminders.cases import (
    Case,
    Missing,
    cases_in_progress_since,
    data_as_of,
    imports,
    open_cases,
    perhaps_done_count,
)
from reminders.overdue import (
    Level,
    Stage,
    clock_start,
    explain_case,
    is_stale,
    was_late,
    worst_first,
)

# -- one's own cases


def mine(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the open cases somebody must act on, worst first."""
    del argument
    roster, person = Roster(desk.db), incoming.person
    own = [
        (case, standing_now(desk, case))
        for case in open_cases(desk.db, Scope(person.scope.district))
        if acts_on(roster, case, person, desk.today())
    ]
    as_of = data_as_of(imports(desk.db), person.scope.district)
    stale = is_stale(as_of, desk.calendar, desk.today())
    ordered = sorted(
        own, key=lambda e: (-e[1].overdue_days, not e[1].is_late, e[1].due_on, e[0].number)
    )
    return view.mine_reply(ordered, as_of, viewer_of(desk, incoming), stale=stale)


def open_mine(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the open cases somebody must act on, worst first."""
    del arguments
    return mine(desk, incoming, "")


def show(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show one case."""
    case = case_to_see(desk, incoming, arguments)
    person = incoming.person
    conversations.stop_awaiting(desk.db, person.id)
    may_confirm = person.role in (Role.LEAD, Role.SUPERVISOR) and case.missing is not None
    return view.case_reply(
        case,
        standing_now(desk, case),
        viewer_of(desk, incoming),
        offered_to_me=case.offered_to_id == person.id,
        unconfirmed=may_confirm and person.scope.answers_for(case.scope),
        may_extend=case.is_open and not case.extended_days and may_approve(desk, incoming, case),
    )


def explain(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Answer 为什么是这天."""
    case = case_to_see(desk, incoming, arguments)
    explanation = explain_case(case, desk.calendar, case.completed_on or desk.today())
    started_on = clock_start(case, desk.calendar)
    standing, viewer = standing_now(desk, case), viewer_of(desk, incoming)
    return view.why_reply(case, started_on, explanation, standing, viewer)


def promise_today(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take 今日办结: quiet until the end of today."""
    case = case_to_work(desk, incoming, arguments)
    _acknowledge(desk, incoming, case, desk.today())
    return view.today_reply(case)


def say_done(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take 已办结（等数据更新）: quiet until the next import."""
    case = case_to_work(desk, incoming, arguments)
    _acknowledge(desk, incoming, case, None)
    return view.done_reply(case)


def _acknowledge(desk: Desk, incoming: Incoming, case: Case, done_by_on: date | None) -> None:
    try:
        case_work.acknowledge(
            desk.db, case, incoming.person.id, done_by_on=done_by_on, now=desk.now()
        )
    except NotAllowed as refused:
        raise case_refusal(refused) from refused


def ask_papers(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take 待补正: the clock has not started."""
    case = case_to_work(desk, incoming, arguments)
    try:
        case_work.supplement_case(
            desk.db,
            case,
            desk.calendar,
            notice_days=rules_of(desk).papers_notice_days,
            due_on=standing_now(desk, case).due_on,
            by_person_id=incoming.person.id,
            now=desk.now(),
        )
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    return view.papers_reply(case)


def papers_arrived(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Start the clock: the papers asked for are complete."""
    case = case_to_work(desk, incoming, arguments)
    try:
        running = case_work.papers_arrived(
            desk.db, case, arrived_on=desk.today(), by_person_id=incoming.person.id, now=desk.now()
        )
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    return view.arrived_reply(running, standing_now(desk, running))


def give(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Offer a case to a colleague, or show the colleagues."""
    case = _open_case_to_work(desk, incoming, arguments)
    possible = colleagues(desk.db, incoming.person)
    if incoming.discreet:
        return view.give_on_page_reply(case, viewer_of(desk, incoming))
    if len(arguments) < 2:
        return view.give_reply(case, possible)
    chosen = next((c for c in possible if str(c.id) == arguments[1]), None)
    if chosen is None:
        raise Refusal("button_unknown")
    now = desk.now()
    try:
        case_work.offer_case(desk.db, case, chosen.id, by_person_id=incoming.person.id, now=now)
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    alert = Alert(
        kind="case_offered",
        recipient=Recipient(person_id=chosen.id),
        facts={"case": str(case.id)},
        dedupe_key=f"case_offered:{case.id}:{chosen.id}:{now.date().isoformat()}",
    )
    outbox.put(desk.db, (alert,), now=now)
    return view.given_reply(case)


def _open_case_to_work(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Case:
    case = case_to_work(desk, incoming, arguments)
    if not case.is_open:
        raise Refusal("case_not_open")
    return case


def take_over(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take over a case that was offered."""
    case = any_case(desk, arguments)
    before = Roster(desk.db).recipients(Level.HANDLER, case, desk.today())
    now, person = desk.now(), incoming.person
    try:
        case_work.take_over_case(desk.db, case, person.id, now=now)
    except NotAllowed as refused:
        raise case_refusal(refused) from refused
    alerts = [
        Alert(
            kind="case_taken",
            recipient=recipient,
            facts={"case": str(case.id)},
            dedupe_key=f"case_taken:{case.id}:{person.id}:{now.date().isoformat()}",
        )
        for recipient in before
        if recipient.person_id not in (None, person.id)
    ]
    outbox.put(desk.db, alerts[:1], now=now)
    return view.taken_reply(case)


def report_wrong(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take 有误 and tell the lead, once a day."""
    case = _open_case_to_work(desk, incoming, arguments)
    now, person = desk.now(), incoming.person
    if case_work.report_wrong(desk.db, case, person.id, now=now):
        leads = Roster(desk.db).recipients(Level.LEAD, case, desk.today())
        alerts = [
            Alert(
                kind="case_wrong",
                recipient=recipient,
                facts={"case": str(case.id)},
                dedupe_key=f"case_wrong:{case.id}:{now.date().isoformat()}:{number}",
            )
            for number, recipient in enumerate(leads)
            if recipient.person_id != person.id
        ]
        outbox.put(desk.db, alerts, now=now)
    return view.wrong_reply(case)


def give_cause(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask why a case is late, or take the answer; what is not late has no cause."""
    case = case_to_work(desk, incoming, arguments)
    standing = standing_now(desk, case)
    if not (standing.is_late or was_late(case, standing)):
        raise Refusal("case_not_late")
    if len(arguments) < 2:
        return view.causes_reply(case)
    if arguments[1] not in set(Cause):
        raise Refusal("button_unknown")
    cause = Cause(arguments[1])
    case_work.give_cause(desk.db, case, cause, incoming.person.id, now=desk.now())
    return view.cause_given_reply(case, cause)


def show_perhaps_done(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List what may be done within the own scope (可能已办结), to be looked at and confirmed."""
    found = [(c, standing_now(desk, c)) for c in _perhaps_done(desk, incoming.person.scope)]
    viewer = viewer_of(desk, incoming)
    return view.perhaps_done_reply(worst_first(found), page_asked(arguments), viewer)


def perhaps_done(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List what may be done within the own scope (可能已办结), to be looked at and confirmed."""
    del argument
    return show_perhaps_done(desk, incoming, ())


def close_missing(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Confirm that a missing case is done."""
    case = case_to_see(desk, incoming, arguments)
    if not incoming.person.scope.answers_for(case.scope):
        raise Refusal("case_unknown")
    if not case.is_open:
        raise Refusal("case_not_open")
    if case.missing is None:
        raise Refusal("case_not_missing")
    return _closed(desk, incoming, (case,))


def close_listed(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Confirm all that was listed; where the list has changed since, show it again instead."""
    found = _perhaps_done(desk, incoming.person.scope)
    if not found or arguments != (str(len(found)), str(max(case.id for case in found))):
        return show_perhaps_done(desk, incoming, ())
    return _closed(desk, incoming, found)


def _closed(desk: Desk, incoming: Incoming, cases: tuple[Case, ...]) -> Reply:
    case_work.confirm_done(desk.db, cases, by_person_id=incoming.person.id, now=desk.now())
    return view.closed_reply(cases, perhaps_done_count(desk.db, incoming.person.scope))


def _perhaps_done(desk: Desk, scope: Scope) -> tuple[Case, ...]:
    return tuple(c for c in open_cases(desk.db, scope) if c.missing is Missing.PERHAPS_DONE)


# -- supervision


def overdue(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show lights by unit within the own scope, the late ones by name, and the trend."""
    del argument
    scope, today = incoming.person.scope, desk.today()
    rules, month = rules_of(desk), desk.today().replace(day=1)
    days = last_working_days(desk.calendar, today, TREND_DAYS)
    known = cases_in_progress_since(desk.db, scope, min(month, *days))
    causes = oversight.causes_of_late(known, desk.calendar, rules, month, today)
    waits = waiting_acts(desk.db, scope) if incoming.person.role is Role.SUPERVISOR else ()
    trend = oversight.trend(known, desk.calendar, days)
    figures = oversight.supervise(desk.db, scope, desk.calendar, rules, on=today, cases=known)
    fresh = _districts_with_fresh_data(desk, scope)
    return view.overdue_reply(
        figures,
        scope_words(desk.base, scope),
        unit_view.trend_reply(scope_words(desk.base, scope), trend),
        oversight.units_without_overdue(known, figures, fresh, month),
        oversight.reminder_rates(desk.db, known, desk.calendar, month, today),
        {c.unit: c.unexplained for c in causes if c.unexplained},
        Roster(desk.db).unbound([case for case in known if case.is_open], today),
        viewer_of(desk, incoming),
        waiting=len(waits),
        perhaps_done=sum(c.is_open and c.missing is Missing.PERHAPS_DONE for c in known),
    )


def _districts_with_fresh_data(desk: Desk, scope: Scope) -> list[str]:
    """Return the districts within a scope of which it may be said that nothing is late."""
    if scope.department is not None or scope.window is not None:
        return []
    known = imports(desk.db)
    return [
        district.name
        for district in desk.base.districts
        if scope.district in (None, district.name)
        and not is_stale(data_as_of(known, district.name), desk.calendar, desk.today())
    ]


def open_overdue(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show lights by unit within the own scope, the late ones by name, and the trend."""
    del arguments
    return overdue(desk, incoming, "")


def pressing(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List every late case and those about to be within the own scope, worst first."""
    scope, today = incoming.person.scope, desk.today()
    standings = ((case, standing_now(desk, case)) for case in open_cases(desk.db, scope))
    found = [(c, s) for c, s in standings if s.is_late or s.stage is Stage.DUE_SOON]
    as_of = data_as_of(imports(desk.db), scope.district)
    return view.pressing_reply(
        worst_first(found),
        page_asked(arguments),
        as_of,
        viewer_of(desk, incoming),
        stale=is_stale(as_of, desk.calendar, today),
    )


def show_causes(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show why cases were late, by month, within the own scope."""
    del arguments
    scope, today = incoming.person.scope, desk.today()
    first_on = month_before(today, MONTHS - 1)
    known = cases_in_progress_since(desk.db, scope, first_on)
    months = causes_by_month(known, desk.calendar, rules_of(desk), first_on, today)
    return unit_view.causes_reply(months, scope_words(desk.base, scope))


def causes(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show why cases were late, by month, within the own scope."""
    del argument
    return show_causes(desk, incoming, ())


def prove(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show who was told what about a case, when, and what they did."""
    case = case_to_see(desk, incoming, arguments)
    proof = oversight.proof_of(desk.db, case)
    involved = {t.person_id for t in proof.told} | {e.by_person_id for e in proof.events}
    involved |= {a.decided_by for a in proof.acts}
    known = {p.id: p for p in people.people_by_id(desk.db, involved)}
    return proof_view.proof_reply(proof, known, viewer_of(desk, incoming))


def morning(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Say where the pages for the morning meeting are."""
    del argument
    return view.morning_reply(viewer_of(desk, incoming))
