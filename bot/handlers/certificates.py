"""证照: holders opt in, look and answer; departments see the register and say what they did."""

from __future__ import annotations

from collections.abc import Callable

from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Channel, Incoming, Person, Recipient, Refusal, Reply, Role, Scope
from bot.importing.values import names_of, nearest_kinds
from bot.records import conversations
from bot.records.audit import Deed, record_deed
from bot.records.conversations import AWAIT_MINUTES, Awaited
from bot.reports import certificates as reports
from bot.reports.certificates import (
    PAGE,
    Listed,
    Register,
    Shown,
    Sort,
    is_sensitive,
    shown,
)
from bot.views import certificates as view
from bot.views.certificate_sheet import certificates_workbook
from bot.views.certificates import Viewer
from reminders import certificate_holders as holders
from reminders import outbox
from reminders.alerts import Alert
from reminders.certificate_holders import Answer, BenefitConsent, NotOptedIn, Outcome
from reminders.certificate_rules import Level
from reminders.certificates import (
    UNREGISTERED,
    Certificate,
    certificate_by_id,
    certificate_within,
    is_first_issue,
)

REGISTRARS = frozenset({Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
BENEFIT = "certificate_benefit"
WRONG = "certificate_wrong"
STOP = "stop"


def _viewer(desk: Desk, incoming: Incoming) -> Viewer:
    palette = desk.settings.certificate.palette
    return Viewer(palette, incoming.discreet, desk.links.page_url("/"))


def _number(arguments: tuple[str, ...]) -> int:
    if not arguments or not arguments[0].isdecimal():
        raise Refusal("button_unknown")
    return int(arguments[0])


# -- holders


def mine(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show a holder their certificates."""
    del argument
    return open_mine(desk, incoming, ())


def open_mine(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show a holder one page of their certificates: what ends first, then what cannot lapse."""
    held = [c for c in holders.held_by(desk.db, incoming.person.id) if _may_show(desk, incoming, c)]
    held.sort(key=lambda certificate: not certificate.is_watched)
    page = min(_page(arguments), max(0, -(-len(held) // PAGE) - 1))
    on_page = held[page * PAGE : (page + 1) * PAGE]
    listed = Listed(len(held), page, tuple(shown(desk, one) for one in on_page))
    return view.mine_reply(listed, _viewer(desk, incoming))


def _may_show(desk: Desk, incoming: Incoming, certificate: Certificate) -> bool:
    return incoming.channel is not Channel.TELEGRAM or not is_sensitive(desk.settings, certificate)


def begin_opt_in(desk: Desk, incoming: Incoming, code: str) -> Reply | None:
    """Ask for the number's tail if this is a holder's code; None where it is none."""
    certificate = _certificate_of(desk, incoming, code)
    if certificate is None:
        return None
    if not _may_show(desk, incoming, certificate):
        raise Refusal("certificate_page_only")
    conversations.await_text(
        desk.db, incoming.person.id, Awaited.CERTIFICATE_TAIL, code.strip(), now=desk.now()
    )
    sensitive = is_sensitive(desk.settings, certificate)
    return view.ask_tail_reply(shown(desk, certificate), AWAIT_MINUTES, sensitive=sensitive)


def _certificate_of(desk: Desk, incoming: Incoming, code: str) -> Certificate | None:
    try:
        found = holders.certificate_of_code(desk.db, code, incoming.person.id, now=desk.now())
    except NotOptedIn as refused:
        raise Refusal(f"certificate_{refused.reason}") from None
    return None if found is None else certificate_by_id(desk.db, found)


def take_tail(desk: Desk, incoming: Incoming, text: str) -> Reply:
    """Opt a holder in who knows the tail of the number as well as the code."""
    person_id, now = incoming.person.id, desk.now()
    code = conversations.conversation_of(desk.db, person_id, now=now).awaiting_subject or ""
    certificate = _certificate_of(desk, incoming, code)
    if certificate is None:
        raise Refusal("certificate_code_used")
    if not holders.is_tail(desk.db, code, certificate, text):
        left = holders.tries_left(desk.db, code)
        if left:
            conversations.await_text(
                desk.db, person_id, Awaited.CERTIFICATE_TAIL, code, now=desk.now()
            )
        else:
            conversations.stop_awaiting(desk.db, person_id)
        return view.tail_wrong_reply(left)
    conversations.stop_awaiting(desk.db, person_id)
    holders.opt_in(desk.db, certificate, person_id, code, now=now)
    facts = shown(desk, certificate)
    reply = view.opted_in_reply(facts, _viewer(desk, incoming))
    if not _has_benefit(desk, certificate):
        return reply
    return view.followed_by(reply, view.ask_benefit_reply(certificate.id))


def _has_benefit(desk: Desk, certificate: Certificate) -> bool:
    """Tell whether a first issue of this kind leads to something else to apply for."""
    follow_on = reports.follow_on_of(desk, desk.base.certificates.get(certificate.kind_key))
    return follow_on is not None and is_first_issue(desk.db, certificate)


def _held(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Certificate:
    """Return a certificate its holder presses a button about."""
    try:
        certificate = certificate_by_id(desk.db, _number(arguments))
    except KeyError:
        raise Refusal("certificate_unknown") from None
    if not holders.is_held_by(desk.db, certificate, incoming.person.id):
        raise Refusal("certificate_unknown")
    if not _may_show(desk, incoming, certificate):
        raise Refusal("certificate_page_only")
    return certificate


def look(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show one certificate, to its holder or to the department it belongs to.

    A department's member who holds one too sees it as holder from 我的证照 alone.
    """
    viewer = _viewer(desk, incoming)
    if incoming.person.role not in REGISTRARS or arguments[1:] == (view.HELD,):
        return view.card_reply(shown(desk, _held(desk, incoming, arguments)), viewer)
    facts = shown(desk, _own(desk, incoming, arguments))
    deed = Deed.SAW_CONTACT if facts.contact and not incoming.discreet else Deed.SAW
    subject = f"certificate:{facts.certificate.id}"
    record_deed(desk.db, incoming.person, deed, subject, now=desk.now())
    return view.department_card_reply(facts, viewer)


def answer(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take what a holder says: filed, not now, wrong, no more, or a mis-tap undone."""
    certificate = _held(desk, incoming, arguments)
    act = _ANSWERS.get(arguments[1] if len(arguments) > 1 else "")
    if act is None:
        raise Refusal("button_unknown")
    return act(desk, incoming, certificate)


def _says(said: Answer) -> Callable[[Desk, Incoming, Certificate], Reply]:
    def act(desk: Desk, incoming: Incoming, certificate: Certificate) -> Reply:
        if not certificate.is_watched:
            raise Refusal("certificate_not_watched")
        new = holders.answer(desk.db, certificate, incoming.person.id, said, now=desk.now())
        if new and said is Answer.WRONG:
            _tell_department(desk, certificate)
        return view.answered_reply(shown(desk, certificate), said)

    return act


def _stop(desk: Desk, incoming: Incoming, certificate: Certificate) -> Reply:
    holders.stop_telling(desk.db, certificate, incoming.person.id, now=desk.now())
    return view.stopped_reply(shown(desk, certificate))


def _again(desk: Desk, incoming: Incoming, certificate: Certificate) -> Reply:
    holders.resume_telling(desk.db, certificate, incoming.person.id)
    return view.undone_reply(shown(desk, certificate))


def _undo(desk: Desk, incoming: Incoming, certificate: Certificate) -> Reply:
    del incoming
    holders.take_back_answer(desk.db, certificate)
    return view.undone_reply(shown(desk, certificate))


_ANSWERS: dict[str, Callable[[Desk, Incoming, Certificate], Reply]] = {
    "filed": _says(Answer.FILED),
    "declined": _says(Answer.DECLINED),
    "wrong": _says(Answer.WRONG),
    STOP: _stop,
    "again": _again,
    "undo": _undo,
}


def say(answer_key: str) -> Callable[[Desk, Incoming, str], Reply]:
    """Return a handler that takes an answer typed as a word, as after an alert."""

    def typed(desk: Desk, incoming: Incoming, argument: str) -> Reply:
        del argument
        held = holders.held_by(desk.db, incoming.person.id)
        meant = [c for c in held if _may_show(desk, incoming, c)]
        if answer_key != STOP:
            meant = [c for c in meant if _awaits_answer(shown(desk, c))]
        if not meant:
            return view.none_meant_reply(answer_key, has_any=bool(held))
        if len(meant) == 1:
            return _ANSWERS[answer_key](desk, incoming, meant[0])
        return view.which_meant_reply(answer_key, [shown(desk, c) for c in meant])

    return typed


def _awaits_answer(facts: Shown) -> bool:
    """Tell whether a certificate is near its end and its holder has not answered."""
    near = facts.standing is not None and facts.standing.level is not None
    return facts.certificate.is_watched and near and facts.answer is None


def stop_all(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Tell a holder no more about any certificate."""
    del arguments
    held = holders.held_by(desk.db, incoming.person.id)
    for certificate in held:
        holders.stop_telling(desk.db, certificate, incoming.person.id, now=desk.now())
    return view.stopped_all_reply(len(held))


def _tell_department(desk: Desk, certificate: Certificate) -> None:
    """Tell everyone who answers for a certificate that its holder says it is wrong."""
    alerts = [
        Alert(
            WRONG,
            Recipient(person_id=person_id),
            {"certificate": str(certificate.id)},
            f"{WRONG}:{certificate.id}:{desk.today().isoformat()}:{person_id}",
        )
        for person_id, scope in reports.department_people(desk.db)
        if scope.covers(certificate.scope)
    ]
    outbox.put(desk.db, alerts, now=desk.now())


def benefit(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Take the separate consent, and tell once of the benefit that follows a first issue."""
    certificate = _held(desk, incoming, arguments)
    said = arguments[1] if len(arguments) > 1 else ""
    if said == "no":
        return view.benefit_answered_reply(agreed=False)
    if said not in set(BenefitConsent) or not _has_benefit(desk, certificate):
        raise Refusal("button_unknown")
    person_id = incoming.person.id
    holders.agree_to_benefit(desk.db, certificate, person_id, BenefitConsent(said), now=desk.now())
    # It never goes over Telegram: the page comes first, and there is nothing to render elsewhere.
    facts = {"certificate": str(certificate.id), "channel": Channel.WEB.value}
    key = f"{BENEFIT}:{certificate.id}:{person_id}"
    alert = Alert(BENEFIT, Recipient(person_id=person_id), facts, key)
    outbox.put(desk.db, (alert,), now=desk.now())
    return view.benefit_answered_reply(agreed=True)


def is_opt_in_code(desk: Desk, code: str) -> bool:
    """Tell whether a code is a holder's, and not one that binds staff."""
    return holders.is_opt_in_code(desk.db, code)


# -- departments


def _scope(person: Person) -> Scope:
    """Return the part of the register somebody answers for.

    A department's window narrows nothing; whoever answers for a window alone has no certificates.
    """
    scope = person.scope
    return scope if scope.department is None else Scope(scope.district, scope.department)


def register(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show the register within the own scope: levels, by hand, filed, lapsed, renewed."""
    del argument
    scope = _scope(incoming.person)
    figures = reports.register_of(desk, desk.db, scope)
    return view.register_reply(
        desk.base,
        figures,
        _nearest(desk, figures),
        reports.telling_of(desk, desk.db, scope),
        _viewer(desk, incoming),
    )


def open_register(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the register within the own scope."""
    del arguments
    return register(desk, incoming, "")


def _nearest(desk: Desk, figures: Register) -> dict[str, tuple[str, ...]]:
    """Return the kinds nobody has registered a rule for, each with the nearest known names."""
    keys = dict.fromkeys(
        c.kind_key for c in figures.counts if c.kind_key not in desk.base.certificates
    )
    if not keys:
        return {}
    names, known = names_of(desk.base), desk.base.certificates
    nearest = {
        key: tuple(known[one].name for one in nearest_kinds(names, key.removeprefix(UNREGISTERED)))
        for key in list(keys)[: view.WITH_BUTTONS]
    }
    return {key: nearest.get(key, ()) for key in keys}


def list_some(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """List certificates of one sort within the own scope."""
    which = arguments[0] if arguments else ""
    if which not in view.LIST_WORDS:
        raise Refusal("button_unknown")
    sort = Sort(which) if which in set(Sort) else Level(which)
    hidden = desk.settings.certificate.sensitive_kinds if incoming.discreet else ()
    scope, page = _scope(incoming.person), _page(arguments[1:])
    listed = reports.list_page(desk, scope, sort, page, hidden_kinds=hidden)
    now = desk.now()
    record_deed(desk.db, incoming.person, Deed.SAW_LIST, f"certificates:{which}", now=now)
    return view.list_reply(which, listed, _viewer(desk, incoming))


def _page(arguments: tuple[str, ...]) -> int:
    """Return the page a button names, the first one if it names none."""
    return int(arguments[0][:6]) if arguments and arguments[0].isdecimal() else 0


def _own(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Certificate:
    certificate = certificate_within(desk.db, _scope(incoming.person), _number(arguments))
    if certificate is None:
        raise Refusal("certificate_unknown")
    if incoming.discreet and is_sensitive(desk.settings, certificate):
        raise Refusal("certificate_page_only")
    return certificate


def acknowledge(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Record what a department did about one certificate."""
    certificate = _own(desk, incoming, arguments)
    if len(arguments) < 2 or arguments[1] not in set(Outcome):
        raise Refusal("button_unknown")
    if not certificate.is_watched:
        raise Refusal("certificate_not_watched")
    outcome = Outcome(arguments[1])
    holders.acknowledge_certificate(
        desk.db, certificate, incoming.person.id, outcome, now=desk.now()
    )
    return view.acknowledged_reply(shown(desk, certificate), outcome)


def export(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Hand over everything at a level within the own scope as a sheet, saying how many rows.

    On the page it is a link: as a document of the conversation the holders' names would stay in
    the records. Seconds of work, so the router calls it early and channels in a worker thread.
    """
    del arguments
    if incoming.discreet:
        raise Refusal("certificate_sheet_on_page")
    if incoming.channel is Channel.WEB:
        counts = reports.level_counts(desk, _scope(incoming.person))
        count = sum(one.at(level) for one in counts for level in Level)
        return view.sheet_link_reply(count, desk.today())
    content, count = sheet(desk, incoming.person)
    return view.sheet_reply(content, count, desk.today())


def sheet(desk: Desk, person: Person) -> tuple[bytes, int]:
    """Return everything at a level within a person's scope as a workbook, and how many rows.

    That it was handed over is written down before.
    """
    rows = reports.register_rows(desk, _scope(person))
    content, count = certificates_workbook(rows, desk.settings.certificate.palette)
    with transaction(desk.db):
        record_deed(
            desk.db,
            person,
            Deed.EXPORTED,
            f"certificates:{desk.today().isoformat()}:{count}",
            now=desk.now(),
        )
    return content, count
