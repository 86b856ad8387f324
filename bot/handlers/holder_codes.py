"""提醒码: the window or the department finds one certificate and gives its holder a code."""

from __future__ import annotations

from bot.desk import Desk
from bot.dialogue import Button, Incoming, Person, Refusal, Reply, Role, Scope
from bot.importing.certificates import registered_number
from bot.importing.values import BadValue
from bot.qr import qr_png
from bot.records import conversations
from bot.records.audit import Deed, record_deed
from bot.records.conversations import AWAIT_MINUTES, Awaited
from bot.reports.certificates import is_sensitive, shown
from bot.views import certificates as cards
from bot.views import holder_codes as view
from bot.views.certificates import Viewer
from reminders import certificate_holders as holders
from reminders.certificates import (
    TAIL,
    Certificate,
    certificate_within,
    find_certificates,
)

COUNTERS = frozenset({Role.CLERK, Role.LEAD})


def find(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Find a certificate within the own scope by number or tail; ask for it if none is named."""
    if not argument.strip():
        person_id, now = incoming.person.id, desk.now()
        conversations.await_text(desk.db, person_id, Awaited.CERTIFICATE_NUMBER, "", now=now)
        return view.ask_number_reply(AWAIT_MINUTES)
    typed = _number(desk, argument)
    scope = _scope(incoming.person)
    found = find_certificates(desk.db, scope, typed, limit=cards.WITH_BUTTONS + 1) if typed else ()
    shown_here = [c for c in found if not (incoming.discreet and is_sensitive(desk.settings, c))]
    if found and not shown_here:
        raise Refusal("certificate_page_only")
    if not shown_here:
        return view.not_found_reply(argument.strip(), desk.base, scope)
    if len(shown_here) == 1:
        return _card(desk, incoming, shown_here[0])
    record_deed(desk.db, incoming.person, Deed.SAW_LIST, "certificates:found", now=desk.now())
    listed = [shown(desk, certificate) for certificate in shown_here]
    return view.several_reply(listed, _viewer(desk, incoming), verb=_verb(incoming.person))


def take_number(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Find the certificate whose number or tail was asked for."""
    conversations.stop_awaiting(desk.db, incoming.person.id)
    return find(desk, incoming, text)


def look(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show a window one certificate of its own district, to be compared with the paper."""
    certificate = _own(desk, incoming, arguments)
    return view.card_at_window_reply(shown(desk, certificate), _viewer(desk, incoming))


def make_code(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Make a code by which a holder opts in."""
    certificate = _own(desk, incoming, arguments)
    now = desk.now()
    code = holders.make_opt_in_code(desk.db, certificate, made_by=incoming.person.id, now=now)
    page = desk.links.page_url(f"/join/{code.code}")
    sensitive = is_sensitive(desk.settings, certificate)
    chat = None if sensitive else desk.links.bot_url(f"join-{code.code}")
    links = [link for link in (page, chat) if link]
    facts = shown(desk, certificate)
    kind = view.SOME_CERTIFICATE if sensitive else facts.name
    qr = qr_png(links[0]) if links else None
    return view.code_reply(facts, code, links, qr, kind=kind, back=_back(incoming.person))


def _card(desk: Desk, incoming: Incoming, certificate: Certificate) -> Reply:
    """Show the one that was found, with what the person's role may see of it; written down."""
    facts, viewer = shown(desk, certificate), _viewer(desk, incoming)
    is_counter = incoming.person.role in COUNTERS
    sees_contact = bool(facts.contact) and not is_counter and not incoming.discreet
    deed = Deed.SAW_CONTACT if sees_contact else Deed.SAW
    record_deed(desk.db, incoming.person, deed, f"certificate:{certificate.id}", now=desk.now())
    if is_counter:
        return view.card_at_window_reply(facts, viewer)
    return cards.department_card_reply(facts, viewer)


def _own(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Certificate:
    if not arguments or not arguments[0].isdecimal():
        raise Refusal("button_unknown")
    certificate = certificate_within(desk.db, _scope(incoming.person), int(arguments[0]))
    if certificate is None:
        raise Refusal("certificate_unknown")
    if incoming.discreet and is_sensitive(desk.settings, certificate):
        raise Refusal("certificate_page_only")
    return certificate


def _scope(person: Person) -> Scope:
    """Return where somebody may look: who stands at a window, in its whole district."""
    scope = person.scope
    if person.role in COUNTERS or scope.department is not None:
        return Scope(scope.district, scope.department)
    return scope


def _number(desk: Desk, text: str) -> str | None:
    """Return a number as the register has it, None where the tail is not even whole.

    One that looked like a phone's has come here masked: then its tail is what is left.
    """
    try:
        number = registered_number(desk, text.rpartition("*")[2])
    except BadValue:
        return None
    return number if sum(mark.isalnum() for mark in number) >= TAIL else None


def _verb(person: Person) -> str:
    return "certat" if person.role in COUNTERS else "cert"


def _back(person: Person) -> Button:
    return view.AGAIN if person.role in COUNTERS else cards.REGISTER


def _viewer(desk: Desk, incoming: Incoming) -> Viewer:
    palette = desk.settings.certificate.palette
    return Viewer(palette, incoming.discreet, desk.links.page_url("/"))
