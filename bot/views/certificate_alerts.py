"""Alerts about certificates, rendered at the moment of sending from what is true then."""

from __future__ import annotations

from datetime import date, datetime

from bot.desk import Desk
from bot.dialogue import Channel, Person, Reply, Role, Scope
from bot.reports import certificates as reports
from bot.reports.certificates import Shown, is_sensitive, shown
from bot.settings import PersonalData
from bot.views import certificates as view
from bot.views.certificates import Viewer
from reminders.certificate_holders import held_by
from reminders.certificate_sweep import sent_on, told_in
from reminders.certificates import Certificate, certificate_by_id, certificates_by_id
from reminders.outbox import Waiting


def render(desk: Desk, waiting: Waiting, person: Person, channel: Channel) -> Reply | None:
    """Return the message, or None where there is nothing left to say."""
    denied = desk.settings.telegram.personal_data is PersonalData.DENY
    viewer = Viewer(
        desk.settings.certificate.palette,
        discreet=denied and channel is Channel.TELEGRAM,
        page=desk.links.page_url("/"),
    )
    facts = waiting.facts
    match waiting.kind:
        case "certificate_alerts":
            return _for_holder(desk, facts["message"], person, channel, viewer)
        case "certificate_benefit":
            return _benefit(desk, int(facts["certificate"]), person, channel)
        case "certificate_wrong":
            return _wrong(desk, int(facts["certificate"]), viewer)
        case "certificates_digest":
            return _digest(desk, person, viewer)
        case "certificates_by_hand":
            return _by_hand(desk, person)
        case "certificates_checked":
            on = date.fromisoformat(facts["on"])
            checked, due = int(facts["checked"]), int(facts["due"])
            gap = facts.get("last_at")
            since_at = datetime.fromisoformat(gap) if gap else None
            return view.checked_reply(on, checked, due, sent_on(desk.db, on), since_at)
        case "certificates_silent":
            last_at = datetime.fromisoformat(facts["last_at"]) if facts["last_at"] else None
            return view.silent_reply(last_at, datetime.fromisoformat(facts["at"]))
    return None


def _for_holder(
    desk: Desk, message: str, person: Person, channel: Channel, viewer: Viewer
) -> Reply | None:
    """Return one certificate in full or many as a digest; what was settled meanwhile drops out."""
    told = {
        certificate_id: expires_on for certificate_id, expires_on, _ in told_in(desk.db, message)
    }
    held = {certificate.id for certificate in held_by(desk.db, person.id)}
    listed = [
        shown(desk, certificate)
        for certificate in certificates_by_id(desk.db, told)
        if certificate.id in held
        and certificate.is_watched
        and str(certificate.expires_on) == told[certificate.id]
        and (channel is not Channel.TELEGRAM or not is_sensitive(desk.settings, certificate))
    ]
    open_ = sorted((s for s in listed if s.answer is None), key=_last_day)
    if not open_:
        return None
    return (
        view.alert_reply(open_[0], viewer) if len(open_) == 1 else view.digest_reply(open_, viewer)
    )


def _last_day(shown_one: Shown) -> date:
    """Return what to sort by: the last day to apply while it lies ahead, else the expiry."""
    stands, ends = shown_one.standing, shown_one.certificate.expires_on
    assert stands is not None
    assert ends is not None
    ahead = stands.announced_on is not None and stands.announced_on >= shown_one.today
    return stands.announced_on if ahead and stands.announced_on else ends


def _benefit(desk: Desk, certificate_id: int, person: Person, channel: Channel) -> Reply | None:
    """Return the neutral line about what follows; never over Telegram or to staff's groups."""
    certificate = _certificate(desk, certificate_id)
    if channel is Channel.TELEGRAM or certificate is None:
        return None
    if certificate.id not in {held.id for held in held_by(desk.db, person.id)}:
        return None
    follow_on = reports.follow_on_of(desk, desk.base.certificates.get(certificate.kind_key))
    return view.benefit_reply(follow_on) if follow_on else None


def _wrong(desk: Desk, certificate_id: int, viewer: Viewer) -> Reply | None:
    certificate = _certificate(desk, certificate_id)
    if certificate is None:
        return None
    if viewer.discreet and is_sensitive(desk.settings, certificate):
        return view.wrong_somewhere_reply()
    return view.wrong_told_reply(shown(desk, certificate))


def _certificate(desk: Desk, certificate_id: int) -> Certificate | None:
    try:
        return certificate_by_id(desk.db, certificate_id)
    except KeyError:
        return None


def _digest(desk: Desk, person: Person, viewer: Viewer) -> Reply | None:
    if person.role is not Role.DEPARTMENT:
        return None
    scope = Scope(person.scope.district, person.scope.department)
    figures = reports.register_of(desk, desk.db, scope)
    if not figures.counts:
        return None
    unknown: dict[str, tuple[str, ...]] = {
        c.kind_key: () for c in figures.counts if c.kind_key not in desk.base.certificates
    }
    telling = reports.telling_of(desk, desk.db, scope)
    return view.register_reply(desk.base, figures, unknown, telling, viewer, heading=view.WEEKLY)


def _by_hand(desk: Desk, person: Person) -> Reply | None:
    if person.role is not Role.DEPARTMENT:
        return None
    scope = Scope(person.scope.district, person.scope.department)
    count = reports.count_by_hand(desk, desk.db, scope)
    return view.by_hand_reply(count, reports.days_to_call(desk)) if count else None
