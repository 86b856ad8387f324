"""The conversation as one page: where you are, six large buttons, what was said, the field."""

from __future__ import annotations

from html import escape

from bot.channels.web.render import Shown, hidden_fields, show_message
from bot.channels.web.session import Session, known_person
from bot.channels.web.site import Site
from bot.desk import Desk
from bot.dialogue import Person, Place, Role
from bot.places import canonical_district
from bot.records import conversations, messages
from bot.views.answer import DEMO_NOTE
from bot.views.refusals import ROLE_NAMES


def chat_html(
    site: Site,
    session: Session,
    *,
    is_large: bool,
    window: str | None = None,
    place: Place | None = None,
    warning: str = "",
    unrecorded: str = "",
) -> str:
    """Return the page; `window` and `place` come from a window's QR code just opened."""
    desk = site.desk
    person = known_person(desk, session)
    shown = conversation(desk, person, window=window)
    settings = desk.settings
    return site.pages.fill(
        "chat.html",
        html_class=' class="large"' if is_large else "",
        home=f"/w/{escape(window)}" if window else "/",
        kiosk=site.pages.fill("kiosk.html") if settings.web.kiosk else "",
        kiosk_next=site.pages.fill("kiosk_next.html") if settings.web.kiosk else "",
        demo=_demo_bar(site, session) if settings.demo else "",
        place=" · ".join(escape(p) for p in place_words(desk, place or _place_of(desk, person))),
        organiser=escape(settings.organiser),
        days=str(settings.privacy.chat_days),
        hidden=hidden_fields(window),
        warning=f'<p class="warning">{escape(warning)}</p>' if warning else "",
        menu=_menu(site, person),
        conversation="".join(one.html for one in shown) + unrecorded,
        site_footer=f"<p>{escape(settings.web.footer)}</p>" if settings.web.footer else "",
    )


def conversation(
    desk: Desk, person: Person | None, *, after: int = 0, window: str | None = None
) -> tuple[Shown, ...]:
    """Return what was said with a person after a message's number, as HTML."""
    if person is None:
        return ()
    said = messages.messages_of(desk.db, person.id, after=after)
    return tuple(one for message in said if (one := show_message(message, window)) is not None)


def _place_of(desk: Desk, person: Person | None) -> Place:
    if person is None:
        return Place()
    place = conversations.conversation_of(desk.db, person.id, now=desk.now()).place
    if place != Place():
        return place
    return Place(person.scope.district, window=person.scope.window)


def place_words(desk: Desk, place: Place) -> tuple[str, ...]:
    """Return 区, 大厅 and 窗口 in words, as far as they are known; else the city."""
    base = desk.base
    named = (canonical_district(base, place.district) or place.district) if place.district else None
    hall = next(
        (
            hall
            for hall in base.places.values()
            if hall.id == place.hall or any(w.code == place.window for w in hall.windows)
        ),
        None,
    )
    window = next((w for w in hall.windows if w.code == place.window), None) if hall else None
    words = (
        named,
        hall.name.removeprefix(named or "") if hall else None,
        window.name if window else None,
    )
    return tuple(word for word in words if word) or (desk.settings.city,)


def _demo_bar(site: Site, session: Session) -> str:
    options = "".join(
        f'<option value="{role}"{" selected" if role is session.role else ""}>{name}</option>'
        for role, name in ROLE_NAMES.items()
    )
    return site.pages.fill("demo.html", note=DEMO_NOTE, options=options)


def _menu(site: Site, person: Person | None) -> str:
    """Return a staff member's own words as small buttons; citizens have the six large ones."""
    role = person.role if person is not None else Role.CITIZEN
    words = site.core.menu(role) if role is not Role.CITIZEN else ()
    if not words:
        return ""
    buttons = "".join(
        f'<button type="submit" name="topic" value="{escape(word)}">{escape(word)}</button>'
        for word in words
    )
    return site.pages.fill("menu.html", hidden=hidden_fields(None), buttons=buttons)
