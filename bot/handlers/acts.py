"""签发: acts of the office about late cases and late steps of 差评整改, released or declined."""

from __future__ import annotations

from dataclasses import dataclass

from bot.case_access import awaited_subject, one_line, page_asked, rules_of, standing_now
from bot.desk import Desk
from bot.dialogue import Incoming, Refusal, Reply
from bot.records import conversations
from bot.records.audit import Deed, record_deed
from bot.records.conversations import Awaited
from bot.records.roster import Roster
from bot.views import acts as view
from bot.views.acts import ActSubject
from bot.views.cases import OWN_WORDS, case_words, short_number, standing_words
from bot.views.places import scope_words
from bot.views.rectifications import late_words, rectification_words
from reminders.acts import Act, Decision, DeclineReason, act_within, decide_act, waiting_acts
from reminders.cases import Case, case_by_id, data_as_of, imports
from reminders.overdue import Rung, is_stale
from reminders.rectification_rules import Deadline, Rectification, open_deadlines
from reminders.rectification_sweep import announce_rectification_act
from reminders.rectifications import rectification_by_id
from reminders.sweep import announce_act
from reminders.working_days import working_days_between


@dataclass(frozen=True, slots=True)
class _Late:
    """A step of a rectification that an act is about; without a deadline it is done."""

    rectification: Rectification
    deadline: Deadline | None


def acts(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List the acts that wait for release, worst first; no reason is awaited any more."""
    conversations.stop_awaiting(desk.db, incoming.person.id)
    found = [
        (act, _about(desk, incoming, _subject(desk, act)))
        for act in waiting_acts(desk.db, incoming.person.scope)
    ]
    waiting = [(act, about) for act, about in found if about.going_on]
    waiting.sort(key=lambda pair: (-pair[1].overdue_days, pair[0].due_on, pair[0].id))
    as_of = data_as_of(imports(desk.db), incoming.person.scope.district)
    stale = is_stale(as_of, desk.calendar, desk.today())
    return view.acts_reply(waiting, page_asked(arguments), as_of, stale=stale)


def waiting_for_release(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """List the acts that wait for release, worst first."""
    del argument
    return acts(desk, incoming, ())


def _subject(desk: Desk, act: Act) -> Case | _Late:
    if act.case_id is not None:
        return case_by_id(desk.db, act.case_id)
    assert act.rectification_id is not None, act.id
    rectification = rectification_by_id(desk.db, act.rectification_id)
    running = open_deadlines(rectification, desk.calendar, desk.settings.rectification_rules())
    about = (act.step, act.due_on)
    deadline = next((d for d in running if (d.step.value, d.due_on) == about), None)
    return _Late(rectification, deadline)


def _about(desk: Desk, incoming: Incoming, subject: Case | _Late) -> ActSubject:
    if isinstance(subject, Case):
        standing = standing_now(desk, subject)
        return ActSubject(
            tail=short_number(subject),
            named=case_words(subject, discreet=incoming.discreet),
            unit=subject.unit_name,
            standing=standing_words(standing),
            proof_token=f"caseproof:{subject.id}",
            overdue_days=standing.overdue_days,
            going_on=subject.is_open,
            provisional=standing.provisional,
        )
    one, deadline = subject.rectification, subject.deadline
    over = working_days_between(desk.calendar, deadline.due_on, desk.today()) if deadline else 0
    return ActSubject(
        tail=one.number[-6:],
        named=rectification_words(desk.base, one),
        unit=scope_words(desk.base, one.scope),
        standing=late_words(deadline, over) if deadline else "",
        proof_token=f"rectproof:{one.number}",
        overdue_days=over,
        going_on=deadline is not None,
        provisional=deadline is not None and deadline.provisional,
    )


def _act(
    desk: Desk, incoming: Incoming, arguments: tuple[str, ...]
) -> tuple[Act, Case | _Late, ActSubject]:
    if not arguments or not arguments[0].isdecimal() or len(arguments[0]) > 15:
        raise Refusal("button_unknown")
    act = act_within(desk.db, incoming.person.scope, int(arguments[0]))
    if act is None:
        raise Refusal("case_unknown")
    if act.decision is not None:
        raise Refusal("act_decided")
    subject = _subject(desk, act)
    return act, subject, _about(desk, incoming, subject)


def release(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Release an act (签发): from here on it is told."""
    act, subject, about = _act(desk, incoming, arguments)
    if not about.going_on:
        raise Refusal("case_not_open" if isinstance(subject, Case) else "act_step_done")
    if (act.red_card or act.kind is Rung.BULLETIN) and about.provisional:
        raise Refusal("act_provisional")
    now, rules, roster = desk.now(), rules_of(desk), Roster(desk.db)
    decide_act(desk.db, act, Decision.RELEASED, by=incoming.person.id, reason=None, now=now)
    if isinstance(subject, Case):
        told = announce_act(desk.db, act, subject, rules, staffing=roster, now=now)
    else:
        assert subject.deadline is not None
        told = announce_rectification_act(
            desk.db,
            act,
            subject.rectification,
            subject.deadline,
            rules,
            now=now,
            resolve=roster.resolve,
        )
    return view.released_reply(act, about, told, incoming.person)


def decline(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Ask why an act is not released (不签发), or take one of the common reasons."""
    act, _, about = _act(desk, incoming, arguments)
    if len(arguments) < 2:
        return view.ask_decline_reply(act, about)
    if arguments[1] == OWN_WORDS:
        conversations.await_text(
            desk.db, incoming.person.id, Awaited.DECLINE_REASON, str(act.id), now=desk.now()
        )
        return view.ask_own_decline_reply(act, about)
    if arguments[1] not in set(DeclineReason):
        raise Refusal("button_unknown")
    return _declined(desk, incoming, act, about, arguments[1])


def take_decline_reason(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Decline an act for a reason in the supervisor's own words."""
    act, _, about = _act(desk, incoming, (awaited_subject(desk, incoming),))
    return _declined(desk, incoming, act, about, one_line(text))


def _declined(desk: Desk, incoming: Incoming, act: Act, about: ActSubject, reason: str) -> Reply:
    """Decline it, and write down that it was; the words themselves stand in the proof."""
    now, person = desk.now(), incoming.person
    decide_act(desk.db, act, Decision.DECLINED, by=person.id, reason=reason, now=now)
    record_deed(desk.db, person, Deed.CHANGED, f"decline:{act.id}", now=now)
    return view.declined_reply(act, about, reason)
