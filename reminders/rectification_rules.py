"""The rules of 差评整改 as data and pure functions: who acts, what follows, what is due when.

Numbers are those of `domain.md` 1.5; every one of them is a setting. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from reminders.recipients import CITY, Recipient, Role, Scope
from reminders.working_days import Calendar, Explanation, explain_days, working_days_between


class Cause(StrEnum):
    """What a bad rating was about: the answer, the process, the service at the window."""

    ANSWER = "answer"
    PROCESS = "process"
    SERVICE = "service"


class State(StrEnum):
    """Where a rectification stands: 核实, 成立/不成立, 整改, 回访, 办结, and the ways out."""

    NEW = "new"
    VERIFYING = "verifying"
    RECTIFYING = "rectifying"
    EXPLAINING = "explaining"
    FOLLOW_UP = "follow_up"
    APPEALED = "appealed"
    ESCALATED = "escalated"
    CLOSED = "closed"
    VOIDED = "voided"
    MIS_TAP = "mis_tap"


ENDED = frozenset({State.CLOSED, State.VOIDED, State.MIS_TAP})


class Act(StrEnum):
    """What somebody does to a rectification."""

    CONTACT = "contact"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    RECTIFY = "rectify"
    EXPLAIN = "explain"
    APPEAL = "appeal"
    MAINTAIN = "maintain"
    VOID = "void"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    UNREACHABLE = "unreachable"
    CLOSE = "close"
    SETTLE = "settle"
    CORRECT = "correct"
    RATE_AGAIN = "rate_again"


class Party(StrEnum):
    """In what capacity somebody acts; the same person may be more than one."""

    HANDLER = "handler"
    FOLLOWER = "follower"
    OFFICE = "office"
    CITIZEN = "citizen"


class When(StrEnum):
    """What must hold besides state and party."""

    FIRST_ROUND = "first_round"
    LATER_ROUND = "later_round"
    DAYS_LEFT_TO_TRY = "days_left_to_try"
    LAST_DAY_TO_TRY = "last_day_to_try"
    ANONYMOUS = "anonymous"
    REACHABLE = "reachable"
    MAY_APPEAL = "may_appeal"


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of the table: in a state, an act by a party leads on where all of `when` hold."""

    state: State
    act: Act
    to: State
    by: frozenset[Party]
    when: tuple[When, ...] = ()


_HANDLER = frozenset({Party.HANDLER})
_FOLLOWER = frozenset({Party.FOLLOWER})
_OFFICE = frozenset({Party.OFFICE})
_CITIZEN = frozenset({Party.CITIZEN})
# Whoever wants no contact is not asked; what they say of their own accord counts.
_ASKING = (When.REACHABLE,)
_FIRST = (When.FIRST_ROUND,)
_LATER = (When.LATER_ROUND,)
_TRYING = (When.REACHABLE, When.DAYS_LEFT_TO_TRY)
_LAST_TRY = (When.REACHABLE, When.LAST_DAY_TO_TRY)

# The only table of states and transitions. The handler appears in no line that ends in CLOSED
# or VOIDED: whoever was rated neither closes, nor follows up, nor decides the appeal.
TRANSITIONS: tuple[Transition, ...] = (
    Transition(State.NEW, Act.CORRECT, State.MIS_TAP, _CITIZEN),
    Transition(State.MIS_TAP, Act.RATE_AGAIN, State.NEW, _CITIZEN),
    Transition(State.NEW, Act.CONTACT, State.VERIFYING, _HANDLER),
    Transition(State.VERIFYING, Act.CONTACT, State.VERIFYING, _HANDLER),
    Transition(State.RECTIFYING, Act.CONTACT, State.RECTIFYING, _HANDLER),
    Transition(State.EXPLAINING, Act.CONTACT, State.EXPLAINING, _HANDLER),
    Transition(State.NEW, Act.UPHOLD, State.RECTIFYING, _HANDLER),
    Transition(State.VERIFYING, Act.UPHOLD, State.RECTIFYING, _HANDLER),
    Transition(State.NEW, Act.DISMISS, State.EXPLAINING, _HANDLER),
    Transition(State.VERIFYING, Act.DISMISS, State.EXPLAINING, _HANDLER),
    Transition(State.RECTIFYING, Act.RECTIFY, State.FOLLOW_UP, _HANDLER),
    Transition(State.EXPLAINING, Act.EXPLAIN, State.FOLLOW_UP, _HANDLER),
    Transition(State.NEW, Act.APPEAL, State.APPEALED, _HANDLER, (When.MAY_APPEAL,)),
    Transition(State.VERIFYING, Act.APPEAL, State.APPEALED, _HANDLER, (When.MAY_APPEAL,)),
    Transition(State.RECTIFYING, Act.APPEAL, State.APPEALED, _HANDLER, (When.MAY_APPEAL,)),
    Transition(State.APPEALED, Act.MAINTAIN, State.VERIFYING, _OFFICE),
    Transition(State.APPEALED, Act.VOID, State.VOIDED, _OFFICE),
    Transition(State.FOLLOW_UP, Act.SATISFIED, State.CLOSED, _CITIZEN),
    Transition(State.FOLLOW_UP, Act.SATISFIED, State.CLOSED, _FOLLOWER, _ASKING),
    Transition(State.FOLLOW_UP, Act.DISSATISFIED, State.RECTIFYING, _CITIZEN, _FIRST),
    Transition(State.FOLLOW_UP, Act.DISSATISFIED, State.ESCALATED, _CITIZEN, _LATER),
    Transition(State.FOLLOW_UP, Act.DISSATISFIED, State.RECTIFYING, _FOLLOWER, _ASKING + _FIRST),
    Transition(State.FOLLOW_UP, Act.DISSATISFIED, State.ESCALATED, _FOLLOWER, _ASKING + _LATER),
    Transition(State.FOLLOW_UP, Act.UNREACHABLE, State.FOLLOW_UP, _FOLLOWER, _TRYING),
    Transition(State.FOLLOW_UP, Act.UNREACHABLE, State.CLOSED, _FOLLOWER, _LAST_TRY),
    Transition(State.FOLLOW_UP, Act.CLOSE, State.CLOSED, _FOLLOWER, (When.ANONYMOUS,)),
    Transition(State.ESCALATED, Act.SETTLE, State.CLOSED, _OFFICE),
)


class Step(StrEnum):
    """What a deadline is for."""

    CONTACT = "contact"
    RECTIFY = "rectify"
    FOLLOW_UP = "follow_up"
    REVIEW = "review"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class RectificationRules:
    """The numbers, in working days but for the minutes until the unit is told."""

    contact_days: int = 1
    rectify_days: int = 5
    complex_days: int = 15
    follow_up_days: int = 3
    appeal_days: int = 5
    review_days: int = 5
    settle_days: int = 5
    tell_after_minutes: int = 10
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Rectification:
    """One 差评整改: what it is about, whose it is, and what happened when."""

    id: int
    number: str
    rating_id: int
    opened_at: datetime
    entry_id: str
    scope: Scope
    anonymous: bool
    cause: Cause | None
    cause_at: datetime | None
    recipient: Recipient
    state: State
    round: int
    complex_reason: str | None
    contacted_at: datetime | None
    found_at: datetime | None
    upheld: bool | None
    first_rectified_at: datetime | None
    rectified_at: datetime | None
    reopened_at: datetime | None
    first_followed_up_at: datetime | None
    appealed_at: datetime | None
    reviewed_at: datetime | None
    escalated_at: datetime | None
    closed_at: datetime | None
    tries_on: tuple[date, ...] = ()
    page_key: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether anything is left to be done."""
        return self.state not in ENDED

    @property
    def counts(self) -> bool:
        """Tell whether it stands for a bad rating that counts: neither voided nor a mis-tap."""
        return self.state not in (State.VOIDED, State.MIS_TAP)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something due: counted from a day, `met_on` once done."""

    step: Step
    from_on: date
    days: int
    due_on: date
    provisional: bool
    met_on: date | None

    def is_late(self, today: date) -> bool:
        """Tell whether it was, or is now, done after its day."""
        return (self.met_on or today) > self.due_on


def candidates(cause: Cause | None, scope: Scope) -> tuple[Recipient, ...]:
    """Return whose a bad rating may be, the first that anybody holds; never empty.

    回答 is the entry's editor's, 办事过程 the unit's by the entry's owner and the district,
    窗口服务 the lead's of the window; without window and district, and in the end always, it is
    the city's supervising office's.
    """
    office = Recipient(role=Role.SUPERVISOR, scope=CITY)
    place = Scope(scope.district, None, scope.window)
    lead = Recipient(role=Role.LEAD, scope=place)
    unit = Recipient(role=Role.DEPARTMENT, scope=Scope(scope.district, scope.department))
    of_district = Recipient(role=Role.SUPERVISOR, scope=Scope(scope.district))
    found: list[Recipient] = []
    if cause is Cause.ANSWER:
        found.append(Recipient(role=Role.EDITOR, scope=Scope(None, scope.department)))
    elif scope.district is not None or scope.window is not None:
        by_cause = [unit, lead] if cause is Cause.PROCESS else [lead, unit]
        found += [one for one in by_cause if one is not unit or scope.department is not None]
        found += [of_district] if scope.district is not None else []
    return (*found, office)


def parties_of(
    rectification: Rectification, role: Role, scope: Scope, *, acted: bool
) -> frozenset[Party]:
    """Return in what capacities somebody of the staff may act; `acted` is as its handler.

    Who acted as the handler is never the follower or the office of the same rectification.
    """
    owner = rectification.recipient
    found: set[Party] = set()
    if role is owner.role and scope.covers(owner.scope):
        found.add(Party.HANDLER)
    overseeing = role in (Role.SUPERVISOR, Role.ADMINISTRATOR)
    if overseeing and scope.covers(rectification.scope) and not acted:
        found |= {Party.FOLLOWER, Party.OFFICE}
    if rectification.state is State.ESCALATED and scope.district is not None:
        # A second 不满意 goes up: past the district to the city's office.
        found.discard(Party.OFFICE)
    return frozenset(found)


def may_see(rectification: Rectification, role: Role, scope: Scope) -> bool:
    """Tell whether it lies within what somebody answers for."""
    match role:
        case Role.CITIZEN | Role.CLERK:
            return False
        case Role.EDITOR:
            owner = rectification.recipient
            return owner.role is Role.EDITOR and scope.covers(owner.scope)
        case Role.LEAD | Role.DEPARTMENT | Role.SUPERVISOR | Role.ADMINISTRATOR:
            return scope.covers(rectification.scope)


def transition_for(
    rectification: Rectification,
    act: Act,
    parties: frozenset[Party],
    *,
    today: date,
    calendar: Calendar,
    rules: RectificationRules,
) -> Transition | None:
    """Return the line of the table that allows an act, or None."""
    return next(
        (
            line
            for line in TRANSITIONS
            if line.state is rectification.state
            and line.act is act
            and line.by & parties
            and all(_holds(when, rectification, today, calendar, rules) for when in line.when)
        ),
        None,
    )


def allowed_acts(
    rectification: Rectification,
    parties: frozenset[Party],
    *,
    today: date,
    calendar: Calendar,
    rules: RectificationRules,
) -> tuple[Act, ...]:
    """Return what somebody may do now, in the order of the table."""
    found = [
        line.act
        for line in TRANSITIONS
        if line.state is rectification.state
        and line.by & parties
        and all(_holds(when, rectification, today, calendar, rules) for when in line.when)
    ]
    return tuple(dict.fromkeys(found))


def _holds(
    when: When,
    rectification: Rectification,
    today: date,
    calendar: Calendar,
    rules: RectificationRules,
) -> bool:
    match when:
        case When.FIRST_ROUND:
            return rectification.round == 1
        case When.LATER_ROUND:
            return rectification.round > 1
        case When.DAYS_LEFT_TO_TRY:
            return len({*rectification.tries_on, today}) < rules.tries
        case When.LAST_DAY_TO_TRY:
            return len({*rectification.tries_on, today}) >= rules.tries
        case When.ANONYMOUS:
            return rectification.anonymous
        case When.REACHABLE:
            return not rectification.anonymous
        case When.MAY_APPEAL:
            opened_on = rectification.opened_at.date()
            days = working_days_between(calendar, opened_on, today)
            return rectification.appealed_at is None and days <= rules.appeal_days


def explain_deadline(
    rectification: Rectification, step: Step, calendar: Calendar, rules: RectificationRules
) -> Explanation | None:
    """Answer 为什么是这天, day by day; None where that step has not begun to count."""
    began = _began(rectification, step, rules)
    return explain_days(calendar, *began) if began else None


def _began(
    rectification: Rectification, step: Step, rules: RectificationRules
) -> tuple[date, int] | None:
    """Return from which day a step counts and how many working days it has.

    Contact and rectification both count from the rating, the latter from the reopening where
    there was one; the follow-up from the rectification.
    """
    days = {
        Step.CONTACT: rules.contact_days,
        Step.RECTIFY: rules.complex_days if rectification.complex_reason else rules.rectify_days,
        Step.FOLLOW_UP: rules.follow_up_days,
        Step.REVIEW: rules.review_days,
        Step.SETTLE: rules.settle_days,
    }
    begins = {
        Step.CONTACT: rectification.opened_at,
        Step.RECTIFY: rectification.reopened_at or rectification.opened_at,
        Step.FOLLOW_UP: rectification.rectified_at,
        Step.REVIEW: rectification.appealed_at,
        Step.SETTLE: rectification.escalated_at,
    }
    began_at = begins[step]
    return (began_at.date(), days[step]) if began_at else None


def first_rectify_deadline(
    rectification: Rectification, calendar: Calendar, rules: RectificationRules
) -> Deadline:
    """Return the deadline that 差评按期整改率 is about: the first rectification's."""
    days = rules.complex_days if rectification.complex_reason else rules.rectify_days
    met_at = rectification.first_rectified_at
    return _deadline(Step.RECTIFY, rectification.opened_at.date(), days, calendar, met_at)


def first_follow_up_deadline(
    rectification: Rectification, calendar: Calendar, rules: RectificationRules
) -> Deadline | None:
    """Return the deadline that 差评按期回访率 is about; None before anything was rectified."""
    if rectification.first_rectified_at is None:
        return None
    from_on = rectification.first_rectified_at.date()
    met_at = rectification.first_followed_up_at
    return _deadline(Step.FOLLOW_UP, from_on, rules.follow_up_days, calendar, met_at)


def _deadline(
    step: Step, from_on: date, days: int, calendar: Calendar, met_at: datetime | None
) -> Deadline:
    explained = explain_days(calendar, from_on, days)
    met_on = met_at.date() if met_at else None
    return Deadline(step, from_on, days, explained.due_on, explained.provisional, met_on)


def deadlines(
    rectification: Rectification, calendar: Calendar, rules: RectificationRules
) -> tuple[Deadline, ...]:
    """Return every deadline that runs or has run, in order."""
    met = {
        Step.CONTACT: rectification.contacted_at
        or (rectification.found_at if rectification.anonymous else None),
        Step.RECTIFY: rectification.rectified_at,
        Step.FOLLOW_UP: rectification.closed_at,
        Step.REVIEW: rectification.reviewed_at,
        Step.SETTLE: rectification.closed_at,
    }
    found = []
    for step in Step:
        began = _began(rectification, step, rules)
        if began is not None:
            found.append(_deadline(step, *began, calendar, met[step]))
    return tuple(found)


def open_deadlines(
    rectification: Rectification, calendar: Calendar, rules: RectificationRules
) -> tuple[Deadline, ...]:
    """Return what must still be done in the state it is in, soonest first."""
    waiting: dict[State, Sequence[Step]] = {
        State.NEW: (Step.CONTACT, Step.RECTIFY),
        State.VERIFYING: (Step.CONTACT, Step.RECTIFY),
        State.RECTIFYING: (Step.CONTACT, Step.RECTIFY),
        State.EXPLAINING: (Step.CONTACT, Step.RECTIFY),
        State.FOLLOW_UP: (Step.FOLLOW_UP,),
        State.APPEALED: (Step.REVIEW,),
        State.ESCALATED: (Step.SETTLE,),
    }
    steps = waiting.get(rectification.state, ())
    running = [
        deadline
        for deadline in deadlines(rectification, calendar, rules)
        if deadline.step in steps and (deadline.met_on is None or deadline.step is not Step.CONTACT)
    ]
    return tuple(sorted(running, key=lambda d: (d.due_on, d.step)))


def told_from(rectification: Rectification, rules: RectificationRules) -> datetime:
    """Return from when the unit is told: the cause, or else the minutes a mis-tap has."""
    waits = rectification.opened_at + timedelta(minutes=rules.tell_after_minutes)
    return min(rectification.cause_at or waits, waits)
