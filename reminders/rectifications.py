"""差评整改: opened by a bad rating in its own transaction, then moved by the table of rules.

Knows ratings by their id only; nothing here is worded. What is told goes through the outbox.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlite_utils import Database

from reminders import outbox
from reminders.alerts import Alert
from reminders.case_work import NotAllowed
from reminders.recipients import CITY, Recipient, Role, Scope
from reminders.rectification_rules import (
    TRANSITIONS,
    Act,
    Cause,
    Party,
    Rectification,
    RectificationRules,
    State,
    When,
    candidates,
    may_see,
    told_from,
    transition_for,
)
from reminders.working_days import Calendar

TAIL_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
ALERT = "rectification"
DONE = "rectification_done"
CLOSED = "rectification_closed"
CONTACTED = "rectification_contact"
REPLIED = "rectification_reply"
WRITTEN = "rectification_words"

Holds = Callable[[Recipient], bool]
"""Tells whether anybody can be told as this recipient now."""

REPLY = "reply"

NEEDS_WORDS = frozenset(
    {Act.CONTACT, Act.DISMISS, Act.RECTIFY, Act.EXPLAIN, Act.APPEAL, Act.MAINTAIN, Act.VOID}
    | {Act.SETTLE}
)
"""Acts that mean nothing without a word of explanation."""

RESULTS = (Act.RECTIFY, Act.EXPLAIN, Act.SETTLE, Act.VOID)
"""Acts whose words are the result that the citizen is told."""

TOLD_TO_CITIZENS = frozenset({Act.CONTACT, *RESULTS})


@dataclass(frozen=True, slots=True)
class Opening:
    """What a rectification is opened with: the rating, and where and about what it was."""

    rating_id: int
    rated_at: datetime
    entry_id: str
    scope: Scope
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class RectificationEvent:
    """Something done to a rectification, by whom and in what capacity."""

    at: datetime
    act: str
    from_state: State
    to_state: State
    by_person_id: int | None
    as_party: Party
    words: str | None


_COLUMNS = """id, number, rating_id, opened_at, entry_id, district, department, window, anonymous,
    cause, cause_at, to_role, to_district, to_department, to_window, state, round, complex_reason,
    contacted_at, found_at, upheld, first_rectified_at, rectified_at, reopened_at,
    first_followed_up_at, appealed_at, escalated_at, closed_at, reviewed_at, page_key"""


def open_rectification(
    db: Database, opening: Opening, *, rules: RectificationRules, holds: Holds, now: datetime
) -> Rectification:
    """Open one for a bad rating, or take it up again where a mis-tap was corrected twice.

    The unit's alert waits for the minutes in which a mis-tap may be corrected.
    """
    known = rectification_of_rating(db, opening.rating_id)
    if known is not None:
        return _rated_again(db, known, now) if known.state is State.MIS_TAP else known
    owner = _owner(None, opening.scope, holds)
    tail = "".join(secrets.choice(TAIL_ALPHABET) for _ in range(6))
    number = f"Z{opening.rated_at:%Y%m%d}{tail}"
    db.execute(
        """INSERT INTO rectifications (number, rating_id, opened_at, entry_id, district,
               department, window, anonymous, to_role, to_district, to_department, to_window,
               page_key)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            number,
            opening.rating_id,
            opening.rated_at.isoformat(),
            opening.entry_id,
            opening.scope.district,
            opening.scope.department,
            opening.scope.window,
            int(opening.anonymous),
            *_owner_values(owner),
            secrets.token_hex(16),
        ],
    )
    opened = _required(rectification_of_rating(db, opening.rating_id))
    alert = Alert(
        kind=ALERT,
        recipient=owner,
        facts={"number": number, "because": "time"},
        dedupe_key=f"{ALERT}:{number}:time",
        not_before_at=told_from(opened, rules),
    )
    outbox.put(db, (alert,), now=now)
    return opened


def _owner(cause: Cause | None, scope: Scope, holds: Holds) -> Recipient:
    found = candidates(cause, scope)
    return next((one for one in found if holds(one)), found[-1])


def _owner_values(owner: Recipient) -> list[str | None]:
    assert owner.role is not None
    scope = owner.scope
    return [owner.role, scope.district, scope.department, scope.window]


def _required(rectification: Rectification | None) -> Rectification:
    assert rectification is not None
    return rectification


def _rated_again(db: Database, rectification: Rectification, now: datetime) -> Rectification:
    _move(db, rectification, Act.RATE_AGAIN, State.NEW, Party.CITIZEN, None, None, now)
    return rectification_by_id(db, rectification.id)


def correct_tap(db: Database, rating_id: int, *, now: datetime) -> None:
    """Close as 误点 what a corrected mis-tap had opened; it is counted apart, nobody is told."""
    known = rectification_of_rating(db, rating_id)
    if known is not None and known.state is State.NEW:
        _move(db, known, Act.CORRECT, State.MIS_TAP, Party.CITIZEN, None, None, now)


def choose_cause(
    db: Database, rating_id: int, cause: Cause, *, holds: Holds, now: datetime
) -> Rectification | None:
    """Give it to whom its cause belongs to, and tell them at once; the first cause stands."""
    known = rectification_of_rating(db, rating_id)
    if known is None or known.cause is not None or not known.is_open:
        return known
    owner = _owner(cause, known.scope, holds)
    db.execute(
        """UPDATE rectifications SET cause = ?, cause_at = ?, to_role = ?, to_district = ?,
               to_department = ?, to_window = ? WHERE id = ?""",
        [cause, now.isoformat(), *_owner_values(owner), known.id],
    )
    alert = Alert(
        kind=ALERT,
        recipient=owner,
        facts={"number": known.number, "because": "cause"},
        dedupe_key=f"{ALERT}:{known.number}:cause",
    )
    outbox.put(db, (alert,), now=now)
    return rectification_by_id(db, known.id)


def tell_of_words(
    db: Database, rating_id: int, what: str, *, rules: RectificationRules, now: datetime
) -> None:
    """Tell a unit that knows of the rating already that its rater has written; once each."""
    known = rectification_of_rating(db, rating_id)
    if known is None or not known.counts or now < told_from(known, rules):
        return
    key = f"{WRITTEN}:{known.number}:{what}"
    alert = Alert(WRITTEN, known.recipient, {"number": known.number, "what": what}, key)
    outbox.put(db, (alert,), now=now)


def become_anonymous(db: Database, rating_id: int) -> None:
    """Note that the person does not want to be contacted, or cannot be any more."""
    db.execute("UPDATE rectifications SET anonymous = 1 WHERE rating_id = ?", [rating_id])


def extend(
    db: Database, rectification: Rectification, reason: str, *, by_person_id: int, now: datetime
) -> Rectification:
    """Allow the longer limit of a complex matter, with a reason, while rectifying."""
    if rectification.state not in (State.NEW, State.VERIFYING, State.RECTIFYING):
        raise NotAllowed("rectification_state")
    if not reason.strip():
        raise NotAllowed("rectification_words")
    if rectification.complex_reason is not None:
        return rectification
    db.execute(
        "UPDATE rectifications SET complex_reason = ? WHERE id = ?", [reason, rectification.id]
    )
    state = rectification.state
    _event(db, rectification.id, "extend", state, state, by_person_id, Party.HANDLER, reason, now)
    return rectification_by_id(db, rectification.id)


def take_act(
    db: Database,
    rectification: Rectification,
    act: Act,
    parties: frozenset[Party],
    *,
    by_person_id: int | None,
    words: str | None = None,
    calendar: Calendar,
    rules: RectificationRules,
    now: datetime,
) -> Rectification:
    """Do what the table allows; raise NotAllowed with the reason where it does not.

    The same person doing the same act again, once it has had its effect, changes nothing.
    """
    words = (words or "").strip() or None
    line = transition_for(
        rectification, act, parties, today=now.date(), calendar=calendar, rules=rules
    )
    if line is None:
        if _is_repeated(db, rectification, act, by_person_id):
            return rectification
        raise NotAllowed(_why_not(rectification, act, parties))
    if act in NEEDS_WORDS and words is None:
        raise NotAllowed("rectification_words")
    if act is Act.CONTACT and rectification.anonymous:
        raise NotAllowed("rectification_anonymous")
    party = next(p for p in Party if p in line.by & parties)
    if act is Act.UNREACHABLE:
        _note_try(rectification, calendar, now)
    _move(db, rectification, act, line.to, party, by_person_id, words, now)
    moved = rectification_by_id(db, rectification.id)
    outbox.put(db, tuple(_alerts(moved, act, now)), now=now)
    return moved


def why_not(
    db: Database,
    rectification: Rectification,
    act: Act,
    parties: frozenset[Party],
    *,
    by_person_id: int,
    calendar: Calendar,
    rules: RectificationRules,
    now: datetime,
) -> str | None:
    """Return the reason why an act would be refused, or None where it would not."""
    line = transition_for(
        rectification, act, parties, today=now.date(), calendar=calendar, rules=rules
    )
    if line is not None or _is_repeated(db, rectification, act, by_person_id):
        return None
    return _why_not(rectification, act, parties)


def record_reply(
    db: Database, rectification: Rectification, words: str, *, by_person_id: int, now: datetime
) -> None:
    """Keep what the citizen wrote back, already masked."""
    state = rectification.state
    party = Party.CITIZEN
    _event(db, rectification.id, REPLY, state, state, by_person_id, party, words, now)


def last_words(db: Database, rectification: Rectification, acts: Sequence[str]) -> str | None:
    """Return the words of the latest of some acts."""
    events = (event for event in reversed(events_of(db, rectification)))
    return next((event.words for event in events if event.act in acts and event.words), None)


def forget_words(db: Database, *, before: datetime) -> int:
    """Delete what was written about ratings before an instant, of those that are closed."""
    return db.execute(
        """UPDATE rectification_events SET words = NULL
           WHERE words IS NOT NULL AND rectification_id IN
               (SELECT id FROM rectifications WHERE closed_at < ?)""",
        [before.isoformat()],
    ).rowcount


def closed_before(db: Database, instant: datetime) -> tuple[int, ...]:
    """Return the ratings whose rectification was closed before an instant."""
    rows = db.execute(
        "SELECT rating_id FROM rectifications WHERE closed_at < ?", [instant.isoformat()]
    ).fetchall()
    return tuple(row[0] for row in rows)


def _is_repeated(
    db: Database, rectification: Rectification, act: Act, by_person_id: int | None
) -> bool:
    row = db.execute(
        """SELECT act, by_person_id FROM rectification_events WHERE rectification_id = ?
           ORDER BY id DESC LIMIT 1""",
        [rectification.id],
    ).fetchone()
    return row is not None and (row[0], row[1]) == (act, by_person_id)


def _why_not(rectification: Rectification, act: Act, parties: frozenset[Party]) -> str:
    """Say what stands in the way: the state, or that it is somebody else's to do."""
    in_state = [
        line for line in TRANSITIONS if line.state is rectification.state and line.act is act
    ]
    if rectification.anonymous and any(When.REACHABLE in line.when for line in in_state):
        return "rectification_anonymous"
    if act is Act.APPEAL and in_state:
        return "rectification_appeal"
    if any(not line.by & parties for line in in_state):
        return "rectification_party"
    return "rectification_state"


def _note_try(rectification: Rectification, calendar: Calendar, now: datetime) -> None:
    if not calendar.is_working_day(now.date()):
        raise NotAllowed("rectification_rest_day")
    if now.date() in rectification.tries_on:
        raise NotAllowed("rectification_tried_today")


def _move(
    db: Database,
    rectification: Rectification,
    act: Act,
    to: State,
    party: Party,
    by_person_id: int | None,
    words: str | None,
    now: datetime,
) -> None:
    changes = _changes(rectification, act, to, now.isoformat())
    sets = ", ".join(f"{column} = ?" for column in changes)
    db.execute(
        f"UPDATE rectifications SET {sets} WHERE id = ?", [*changes.values(), rectification.id]
    )
    state = rectification.state
    _event(db, rectification.id, act, state, to, by_person_id, party, words, now)


def _changes(
    rectification: Rectification, act: Act, to: State, at: str
) -> Mapping[str, str | int | None]:
    """Return the columns an act changes besides the state."""
    changes: dict[str, str | int | None] = {"state": to}
    if act is Act.RATE_AGAIN:
        changes["closed_at"] = None
    if act is Act.CONTACT and rectification.contacted_at is None:
        changes["contacted_at"] = at
    if act in (Act.UPHOLD, Act.DISMISS):
        changes |= {"found_at": at, "upheld": int(act is Act.UPHOLD)}
    if act in (Act.RECTIFY, Act.EXPLAIN):
        changes["rectified_at"] = at
        if rectification.first_rectified_at is None:
            changes["first_rectified_at"] = at
    # An attempt that reached nobody is no follow-up; the last of them ends it.
    gave_up = act is Act.UNREACHABLE and to is State.CLOSED
    followed = gave_up or act in (Act.SATISFIED, Act.DISSATISFIED)
    if followed and rectification.first_followed_up_at is None:
        changes["first_followed_up_at"] = at
    if to is State.RECTIFYING and act is Act.DISSATISFIED:
        changes |= {"reopened_at": at, "round": rectification.round + 1, "rectified_at": None}
    if to is State.ESCALATED:
        changes["escalated_at"] = at
    if act is Act.APPEAL:
        changes["appealed_at"] = at
    if act in (Act.MAINTAIN, Act.VOID):
        changes["reviewed_at"] = at
    if to in (State.CLOSED, State.VOIDED, State.MIS_TAP):
        changes["closed_at"] = at
    return changes


def _event(
    db: Database,
    rectification_id: int,
    act: str,
    from_state: State,
    to_state: State,
    by_person_id: int | None,
    party: Party,
    words: str | None,
    now: datetime,
) -> None:
    db.execute(
        """INSERT INTO rectification_events
               (rectification_id, at, act, from_state, to_state, by_person_id, as_party, words)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [rectification_id, now.isoformat(), act, from_state, to_state, by_person_id, party, words],
    )


def _alerts(rectification: Rectification, act: Act, now: datetime) -> Sequence[Alert]:
    """Return what an act sets going: the next party is told, and the citizen of what concerns them.

    Citizens are named by the rating's id; who that is, is known where it is sent.
    """
    facts = {"number": rectification.number, "because": act.value}
    key = f"{rectification.number}:{act}:{now.isoformat()}"
    scope = rectification.scope
    office = Recipient(role=Role.SUPERVISOR, scope=Scope(scope.district))
    match rectification.state, act:
        case (State.FOLLOW_UP, Act.RECTIFY | Act.EXPLAIN) | (State.APPEALED, _):
            return [Alert(ALERT, office, facts, f"{ALERT}:{key}")]
        case (State.ESCALATED, _):
            city = Recipient(role=Role.SUPERVISOR, scope=CITY)
            return [Alert(ALERT, city, facts, f"{ALERT}:{key}")]
        case (State.RECTIFYING, Act.DISSATISFIED) | (_, Act.MAINTAIN | Act.VOID):
            return [Alert(ALERT, rectification.recipient, facts, f"{ALERT}:{key}")]
    return ()


def tell_citizen(
    db: Database, rectification: Rectification, kind: str, person_id: int, *, now: datetime
) -> None:
    """Tell the person who rated, in their own thread, what concerns them."""
    if rectification.anonymous:
        return
    key = f"{kind}:{rectification.number}:{now.isoformat()}"
    facts = {"number": rectification.number}
    outbox.put(db, (Alert(kind, Recipient(person_id=person_id), facts, key),), now=now)


def rectification_by_number(db: Database, number: str) -> Rectification | None:
    """Return the one with this number, in any case."""
    return _one(db, "number = ?", number.strip().upper())


def rectification_by_page_key(db: Database, key: str) -> Rectification | None:
    """Return the one whose page this key opens."""
    return _one(db, "page_key = ?", key)


def rectifications_of_ratings(db: Database, rating_ids: Sequence[int]) -> tuple[Rectification, ...]:
    """Return those that some ratings opened, oldest first; a mis-tap is none."""
    marks = ", ".join("?" for _ in rating_ids)
    found = _several(db, f"rating_id IN ({marks})", list(rating_ids))
    return tuple(one for one in found if one.state is not State.MIS_TAP)


def told_words(db: Database, rectification: Rectification) -> tuple[RectificationEvent, ...]:
    """Return what was said to the citizen, in order: answers, results, a decision that voids."""
    events = events_of(db, rectification)
    return tuple(event for event in events if event.act in TOLD_TO_CITIZENS and event.words)


def rectification_by_id(db: Database, rectification_id: int) -> Rectification:
    """Return the one with this id; raise KeyError if there is none."""
    found = _one(db, "id = ?", rectification_id)
    if found is None:
        raise KeyError(rectification_id)
    return found


def rectification_of_rating(db: Database, rating_id: int) -> Rectification | None:
    """Return the one a rating opened."""
    return _one(db, "rating_id = ?", rating_id)


def _one(db: Database, where: str, value: str | int) -> Rectification | None:
    found = _several(db, where, [value])
    return found[0] if found else None


def rectification_within(
    db: Database, role: Role, scope: Scope, number: str
) -> Rectification | None:
    """Return the one with this number if it lies within what somebody answers for."""
    found = rectification_by_number(db, number)
    return found if found is not None and may_see(found, role, scope) else None


def open_rectifications(db: Database, role: Role, scope: Scope) -> tuple[Rectification, ...]:
    """Return what is in progress within what somebody answers for, oldest first."""
    found = _several(db, "state NOT IN ('closed', 'voided', 'mis_tap')", [])
    return tuple(one for one in found if may_see(one, role, scope))


def every_open_rectification(db: Database) -> tuple[Rectification, ...]:
    """Return all that is in progress in the city, for a sweep."""
    return _several(db, "state NOT IN ('closed', 'voided', 'mis_tap')", [])


def rectifications_opened(
    db: Database, role: Role, scope: Scope, from_on: date, to_on: date
) -> tuple[Rectification, ...]:
    """Return those opened in a period within a scope, whatever became of them."""
    first, last = from_on.isoformat(), f"{to_on.isoformat()}T24"
    found = _several(db, "opened_at >= ? AND opened_at < ?", [first, last])
    return tuple(one for one in found if may_see(one, role, scope))


def _several(db: Database, where: str, values: Sequence[str | int]) -> tuple[Rectification, ...]:
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM rectifications WHERE {where} ORDER BY opened_at, id", list(values)
    ).fetchall()
    tries = _tries(db, [row[0] for row in rows if row[15] == State.FOLLOW_UP])
    return tuple(_rectification(row, tries.get(row[0], ())) for row in rows)


def _tries(db: Database, ids: Sequence[int]) -> dict[int, tuple[date, ...]]:
    """Return on which days nobody was reached since the last rectification."""
    found: dict[int, tuple[date, ...]] = {}
    for rectification_id in ids:
        rows = db.execute(
            """SELECT act, substr(at, 1, 10) FROM rectification_events
               WHERE rectification_id = ? ORDER BY id""",
            [rectification_id],
        ).fetchall()
        days: list[date] = []
        for act, day in rows:
            if act in (Act.RECTIFY, Act.EXPLAIN):
                days = []
            elif act == Act.UNREACHABLE:
                days.append(date.fromisoformat(day))
        found[rectification_id] = tuple(days)
    return found


def _rectification(row: Any, tries_on: tuple[date, ...]) -> Rectification:
    return Rectification(
        id=row[0],
        number=row[1],
        rating_id=row[2],
        opened_at=datetime.fromisoformat(row[3]),
        entry_id=row[4],
        scope=Scope(row[5], row[6], row[7]),
        anonymous=bool(row[8]),
        cause=Cause(row[9]) if row[9] else None,
        cause_at=_moment(row[10]),
        recipient=Recipient(role=Role(row[11]), scope=Scope(row[12], row[13], row[14])),
        state=State(row[15]),
        round=row[16],
        complex_reason=row[17],
        contacted_at=_moment(row[18]),
        found_at=_moment(row[19]),
        upheld=None if row[20] is None else bool(row[20]),
        first_rectified_at=_moment(row[21]),
        rectified_at=_moment(row[22]),
        reopened_at=_moment(row[23]),
        first_followed_up_at=_moment(row[24]),
        appealed_at=_moment(row[25]),
        escalated_at=_moment(row[26]),
        closed_at=_moment(row[27]),
        reviewed_at=_moment(row[28]),
        tries_on=tries_on,
        page_key=row[29],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def events_of(db: Database, rectification: Rectification) -> tuple[RectificationEvent, ...]:
    """Return everything done to one, in order."""
    rows = db.execute(
        """SELECT at, act, from_state, to_state, by_person_id, as_party, words
           FROM rectification_events WHERE rectification_id = ? ORDER BY id""",
        [rectification.id],
    ).fetchall()
    return tuple(
        RectificationEvent(
            datetime.fromisoformat(at), act, State(before), State(after), by, Party(party), words
        )
        for at, act, before, after, by, party, words in rows
    )


def satisfied_among(db: Database, ids: Sequence[int]) -> tuple[int, ...]:
    """Return those of some that ended with 满意 at the follow-up."""
    return tuple(
        rectification_id
        for rectification_id in ids
        if db.execute(
            """SELECT 1 FROM rectification_events
               WHERE rectification_id = ? AND act = 'satisfied' LIMIT 1""",
            [rectification_id],
        ).fetchone()
    )


def acted_as_handler(db: Database, rectification: Rectification, person_id: int) -> bool:
    """Tell whether somebody ever acted as the handler of this one."""
    row = db.execute(
        """SELECT 1 FROM rectification_events WHERE rectification_id = ? AND by_person_id = ?
               AND as_party = 'handler' LIMIT 1""",
        [rectification.id, person_id],
    ).fetchone()
    return row is not None
