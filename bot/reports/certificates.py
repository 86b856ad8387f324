"""What views of certificates need: rules from rule book and settings, and one's facts together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from sqlite_utils import Database

from bot.desk import Desk
from bot.dialogue import Role, Scope
from bot.settings import Settings
from knowledge.model import CertificateKind, KnowledgeBase, ServicePackage
from knowledge.model import Lead as KnownLead
from reminders.certificate_figures import (
    LevelCounts,
    Renewals,
    Telling,
    all_at,
    count_at,
    count_levels,
    count_renewals,
    count_telling,
    filed,
    lapsed,
    unreached,
    worst,
)
from reminders.certificate_holders import (
    Acknowledged,
    Answer,
    LastTold,
    answer_of,
    last_acknowledgement,
    last_told,
)
from reminders.certificate_rules import (
    AfterClosing,
    Certainty,
    Filing,
    KindRule,
    Lead,
    LeadUnit,
    Level,
    Rules,
    Standing,
    filing_of,
    standing,
)
from reminders.certificates import Certificate, CertificateState, contact_of
from reminders.working_days import add_working_days

PAGE = 8
LAPSED_SHOWN_DAYS = 60


def kinds_of(base: KnowledgeBase) -> dict[str, KindRule]:
    """Return the renewal rule of every kind of certificate."""
    return {kind.id: _rule(kind) for kind in base.certificates.values()}


def _rule(kind: CertificateKind) -> KindRule:
    return KindRule(
        id=kind.id,
        opens=_lead(kind.opens),
        closes=_lead(kind.closes),
        after_closing=AfterClosing(kind.after_closing),
        certainty=Certainty(kind.confidence),
        renewable=kind.renewable,
    )


def _lead(lead: KnownLead | None) -> Lead | None:
    return None if lead is None else Lead(lead.value, LeadUnit(lead.unit))


def kind_ids_by_name(base: KnowledgeBase) -> dict[str, str]:
    """Return the id of every kind by each of its names."""
    return {
        name: kind.id for kind in base.certificates.values() for name in (*kind.names, kind.name)
    }


_ENDING = re.compile(r"到期|过期|延续|续期|续证|续办|换证|换发")


def ending_kind(base: KnowledgeBase, question: str) -> CertificateKind | None:
    """Return the kind of certificate that a question says is about to end, by its longest name."""
    if not _ENDING.search(question):
        return None
    named = [name for name in kind_ids_by_name(base) if name in question]
    return base.certificates[kind_ids_by_name(base)[max(named, key=len)]] if named else None


def rules_of(settings: Settings) -> Rules:
    """Return the numbers of the three colours as the settings have them."""
    chosen = settings.certificate
    return Rules(
        days_left=chosen.days_left,
        days_to_filing_day=chosen.days_to_filing_day,
        lead_days=chosen.lead_days,
        messages=chosen.messages,
        filing_day_messages=chosen.filing_day_messages,
        manual_at=chosen.manual_at,
        excluded_kinds=frozenset(chosen.excluded_kinds),
    )


@dataclass(frozen=True, slots=True)
class OpenedList:
    """A list that a certificate leads to: the entry with what is answered beforehand."""

    entry: ServicePackage
    answers: Mapping[str, str]


def renewal_of(desk: Desk, kind: CertificateKind | None) -> OpenedList | None:
    """Return a kind's renewal list, never that of a first application."""
    return _opened(desk, kind.renewal_entry, kind.renewal_answers) if kind else None


def follow_on_of(desk: Desk, kind: CertificateKind | None) -> OpenedList | None:
    """Return the list of what may be applied for once a certificate is issued."""
    return _opened(desk, kind.follow_on, kind.follow_on_answers) if kind else None


def _opened(desk: Desk, entry_id: str | None, answers: Mapping[str, str]) -> OpenedList | None:
    entry = desk.base.entries.get(entry_id or "")
    if entry is None or entry.paused:
        return None
    if entry.expires_on is not None and desk.today() > entry.expires_on:
        return None
    return OpenedList(entry, answers)


class Silence(StrEnum):
    """Why nobody will be told of a certificate's end: then no promise is made either."""

    NOT_VALID = "not_valid"
    RENEWED = "renewed"
    PERMANENT = "permanent"
    LAPSED = "lapsed"
    KIND = "kind"
    """The kind is unknown, its rule doubtful, or it is left out as a whole."""


def _silence_of(
    desk: Desk, certificate: Certificate, rule: KindRule | None, stands: Standing | None
) -> Silence | None:
    if certificate.state is not CertificateState.VALID:
        return Silence.NOT_VALID
    if certificate.renewed_by_id is not None:
        return Silence.RENEWED
    if stands is None:
        return Silence.PERMANENT
    is_excluded = certificate.kind_key in desk.settings.certificate.excluded_kinds
    if rule is None or not rule.may_tell_holders or is_excluded:
        return Silence.KIND
    return Silence.LAPSED if stands.days_left < 0 else None


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate with everything a view may say of it; `standing` is None when permanent.

    `silence` says why its holder is told nothing.
    """

    certificate: Certificate
    kind: CertificateKind | None
    standing: Standing | None
    answer: Answer | None
    filing: Filing | None
    acknowledged: Acknowledged | None
    today: date
    renewal: OpenedList | None = None
    contact: str | None = None
    last_told: LastTold | None = None
    silence: Silence | None = None

    @property
    def name(self) -> str:
        """Return the kind's name as the rule book has it, else as the register has it."""
        return self.kind.name if self.kind else self.certificate.kind


def shown(desk: Desk, certificate: Certificate) -> Shown:
    """Return a certificate with where it stands today."""
    kind = desk.base.certificates.get(certificate.kind_key)
    rule = _rule(kind) if kind else None
    stands = None
    if certificate.expires_on is not None:
        rules = rules_of(desk.settings)
        stands = standing(desk.calendar, rule, rules, certificate.expires_on, desk.today())
    said = answer_of(desk.db, certificate)
    filing = None
    if said is not None and said[0] is Answer.FILED and certificate.expires_on is not None:
        ends, filed_on = certificate.expires_on, said[1].date()
        filing = filing_of(desk.calendar, rule, rules_of(desk.settings), ends, filed_on)
    return Shown(
        certificate=certificate,
        kind=kind,
        standing=stands,
        answer=said[0] if said else None,
        filing=filing,
        acknowledged=last_acknowledgement(desk.db, certificate),
        today=desk.today(),
        renewal=renewal_of(desk, kind),
        contact=contact_of(desk.db, certificate.id),
        last_told=last_told(desk.db, certificate),
        silence=_silence_of(desk, certificate, rule, stands),
    )


def is_sensitive(settings: Settings, certificate: Certificate) -> bool:
    """Tell whether the kind alone says something about health or a child."""
    return certificate.kind_key in settings.certificate.sensitive_kinds


# -- a department's register


@dataclass(frozen=True, slots=True)
class Register:
    """The figures of a scope: by kind and level, by hand, filed, lapsed, renewed in time.

    `filed_late` were filed after the last day to apply, so that silence does not grant them.
    """

    scope: Scope
    department: str | None
    on: date
    counts: tuple[LevelCounts, ...]
    by_hand: int
    filed_in_time: int
    filed_late: int
    lapsed: int
    renewals: Renewals
    renewals_from_on: date
    manual_at: int
    urgent_days: int

    def total(self, level: Level) -> int:
        """Return how many are at a level."""
        return sum(counts.at(level) for counts in self.counts)


def register_of(desk: Desk, db: Database, scope: Scope) -> Register:
    """Return the figures of the register within a scope as of today."""
    today, rules, kinds = desk.today(), rules_of(desk.settings), kinds_of(desk.base)
    yesterday, new_year = today - timedelta(days=1), date(today.year, 1, 1)
    from_on = min(new_year, yesterday) if yesterday < new_year else new_year
    found = filed(db, desk.calendar, kinds, rules, scope, today, limit=0)
    since_on = today - timedelta(days=LAPSED_SHOWN_DAYS)
    lapsed_count, _ = lapsed(db, rules, scope, since_on, yesterday, limit=0)
    department = desk.base.departments.get(scope.department or "")
    return Register(
        scope=scope,
        department=department.name if department else scope.department,
        on=today,
        counts=level_counts(desk, scope),
        by_hand=count_by_hand(desk, db, scope),
        filed_in_time=found.in_time,
        filed_late=found.late,
        lapsed=lapsed_count,
        renewals=count_renewals(db, rules, scope, from_on, yesterday),
        renewals_from_on=from_on,
        manual_at=days_to_call(desk),
        urgent_days=rules.days_left[2],
    )


def level_counts(desk: Desk, scope: Scope) -> tuple[LevelCounts, ...]:
    """Return how many are at each level within a scope, by kind."""
    rules, kinds = rules_of(desk.settings), kinds_of(desk.base)
    return count_levels(desk.db, desk.calendar, kinds, rules, scope, desk.today())


def telling_of(desk: Desk, db: Database, scope: Scope) -> Telling:
    """Return how far messages got for what ends within the urgent days."""
    today, rules = desk.today(), rules_of(desk.settings)
    to_on = today + timedelta(days=rules.days_left[2])
    return count_telling(db, desk.calendar, kinds_of(desk.base), rules, scope, today, to_on)


def count_at_level(desk: Desk, scope: Scope, level: Level) -> int:
    """Count the certificates at a level within a scope."""
    rules, kinds = rules_of(desk.settings), kinds_of(desk.base)
    return count_at(desk.db, desk.calendar, kinds, rules, scope, level, desk.today())


def at_level(desk: Desk, scope: Scope, level: Level, *, limit: int) -> tuple[Certificate, ...]:
    """Return the certificates at a level within a scope, the most pressing first."""
    rules, kinds = rules_of(desk.settings), kinds_of(desk.base)
    return worst(desk.db, desk.calendar, kinds, rules, scope, level, desk.today(), limit=limit)


def register_rows(desk: Desk, scope: Scope) -> Iterator[Shown]:
    """Walk everything at a level within a scope, the most pressing first; however many."""
    rules, kinds = rules_of(desk.settings), kinds_of(desk.base)
    for level in (Level.URGENT, Level.EXPIRED, Level.NEAR, Level.EARLY):
        found = all_at(desk.db, desk.calendar, kinds, rules, scope, level, desk.today())
        yield from (shown(desk, certificate) for certificate in found)


class Sort(StrEnum):
    """What a list within a scope is of; the levels have lists of their own."""

    BY_HAND = "byhand"
    UNREACHED = "unreached"
    FILED = "filed"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list: how many there are in all, and those on it; pages count from 0.

    `days` is within how many days they end, where the list is of such.
    """

    count: int
    page: int
    certificates: tuple[Shown, ...]
    days: int | None = None


def list_page(
    desk: Desk, scope: Scope, sort: Level | Sort, page: int, *, hidden_kinds: Collection[str] = ()
) -> Listed:
    """Return one page of a list within a scope, the last one for any page beyond."""
    rules = rules_of(desk.settings)
    rules = replace(rules, excluded_kinds=rules.excluded_kinds | frozenset(hidden_kinds))
    within: dict[Level | Sort, int] = {
        Sort.BY_HAND: days_to_call(desk),
        Sort.UNREACHED: rules.days_left[2],
    }
    days = within.get(sort)
    count, found = _page_of(desk, rules, scope, sort, page * PAGE, days)
    last = max(0, -(-count // PAGE) - 1)
    if page > last:
        page = last
        count, found = _page_of(desk, rules, scope, sort, page * PAGE, days)
    return Listed(count, page, tuple(shown(desk, certificate) for certificate in found), days)


def _page_of(
    desk: Desk, rules: Rules, scope: Scope, sort: Level | Sort, offset: int, days: int | None
) -> tuple[int, tuple[Certificate, ...]]:
    db, calendar, today, kinds = desk.db, desk.calendar, desk.today(), kinds_of(desk.base)
    if isinstance(sort, Level):
        count = count_at(db, calendar, kinds, rules, scope, sort, today)
        found = worst(db, calendar, kinds, rules, scope, sort, today, limit=PAGE, offset=offset)
        return count, found
    if sort is Sort.FILED:
        said = filed(db, calendar, kinds, rules, scope, today, limit=PAGE, offset=offset)
        return said.in_time + said.late, said.certificates
    if sort is Sort.LAPSED:
        since_on, yesterday = today - timedelta(days=LAPSED_SHOWN_DAYS), today - timedelta(days=1)
        return lapsed(db, rules, scope, since_on, yesterday, limit=PAGE, offset=offset)
    assert days is not None
    return unreached(db, calendar, kinds, rules, scope, today, days=days, limit=PAGE, offset=offset)


def days_to_call(desk: Desk) -> int:
    """Return within how many days must end what is seen to by hand before the next working day.

    What would reach its day on a rest day is told on the working day before it.
    """
    today = desk.today()
    rest = (add_working_days(desk.calendar, today, 1) - today).days - 1
    return rules_of(desk.settings).manual_at + rest


def count_by_hand(desk: Desk, db: Database, scope: Scope) -> int:
    """Count what must be seen to by hand: a call or a visit, since nothing reached."""
    rules, kinds, days = rules_of(desk.settings), kinds_of(desk.base), days_to_call(desk)
    count, _ = unreached(db, desk.calendar, kinds, rules, scope, desk.today(), days=days, limit=0)
    return count


def department_people(db: Database) -> tuple[tuple[int, Scope], ...]:
    """Return who answers for certificates, each with their scope."""
    rows = db.execute(
        "SELECT id, district, department, window FROM people WHERE role = ? AND erased_at IS NULL",
        [Role.DEPARTMENT],
    ).fetchall()
    return tuple((row[0], Scope(*row[1:])) for row in rows)
