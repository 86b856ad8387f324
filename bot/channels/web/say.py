"""Posting to the conversation and reading on: with scripts as JSON, without as a page."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from bot.channels.beside import until_quiet
from bot.channels.web.chat_page import chat_html, conversation
from bot.channels.web.guard import read_form
from bot.channels.web.render import Shown, show_reply
from bot.channels.web.session import (
    LARGE_COOKIE,
    Session,
    keep_session,
    known_person,
    new_session,
    person_of,
    session_of,
)
from bot.channels.web.site import Site
from bot.database import transaction
from bot.dialogue import Channel, Incoming, Person, Reply, Upload
from bot.places import place_of_window
from bot.records import conversations

GREATEST_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Said:
    """What one post led to: the person afterwards (None: forgotten), the reply and its key."""

    before: Person
    after: Person | None
    reply: Reply | None
    key: str


async def say(site: Site, request: Request) -> Response:
    """Take one text or one pressed button."""
    form = await read_form(request)
    session = session_of(request, site.desk, site.kiosk)
    said = await say_to_core(site, session, form)
    if wants_json(request):
        return _json_answer(site, session, said, form)
    return page_answer(site, session, said, is_large=LARGE_COOKIE in request.cookies)


def wants_json(request: Request) -> bool:
    """Tell whether our script asks, rather than a form."""
    return request.headers.get("accept", "").startswith("application/json")


async def say_to_core(
    site: Site, session: Session, form: Mapping[str, str], upload: Upload | None = None
) -> Said:
    """Hand a post over to the core in the name of the session's person."""
    desk = site.desk
    await until_quiet(desk)
    person = person_of(desk, session)
    if desk.settings.web.kiosk:
        site.kiosk.touch(session.secret, desk.now())
    _remember_window(site, person, form.get("window", ""))
    token = form.get("token") or None
    incoming = Incoming(
        person=person,
        channel=Channel.WEB,
        text=None if token else words_of(form),
        token=token,
        upload=upload,
        key=_key(session, form, upload),
        message=read_number(form.get("message")) or None,
    )
    reply = await site.beside.respond(site.core.respond, desk, incoming)
    assert incoming.key is not None
    after = known_person(desk, Session(session.secret, is_new=False, role=session.role))
    return Said(person, after, reply, incoming.key)


def words_of(form: Mapping[str, str]) -> str:
    """Return what was typed, or the words of a button that speaks for the person."""
    return form.get("topic") or form.get("text", "")


def _remember_window(site: Site, person: Person, code: str) -> None:
    """Remember where the person scanned a window's code; the first post brings it along."""
    place = place_of_window(site.desk.base, code) if code else None
    if place is not None:
        with transaction(site.desk.db):
            conversations.remember_place(site.desk.db, person.id, place)


def _key(session: Session, form: Mapping[str, str], upload: Upload | None) -> str:
    """Return a name for this very post: the same form sent twice has the same name.

    A page brought back by the browser's back button repeats its key with another button, so
    what was pressed is part of the name.
    """
    made = form.get("key") or secrets.token_urlsafe(12)
    parts = (made, form.get("token", ""), words_of(form), form.get("message", ""))
    sent = upload.content if upload is not None else b""
    digest = hashlib.sha256("\0".join(parts).encode() + sent).hexdigest()
    return f"web:{session.address.address[:16]}:{session.role}:{digest[:32]}"


def read_number(text: str | None) -> int:
    """Return a message's number as the browser sent it; 0 for anything else."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 16:
        return 0
    return min(int(text), GREATEST_NUMBER)


def _json_answer(site: Site, session: Session, said: Said, form: Mapping[str, str]) -> JSONResponse:
    """Return everything new since the browser's last message, and what was changed in place.

    The event is settled after sending: a browser that got no answer asks again with the same
    key and gets the same one.
    """
    known = 0 if session.is_new else read_number(form.get("after"))
    recorded = conversation(site.desk, said.after, after=known)
    numbers = {one.number for one in recorded}
    others = [one for one in _told(said) if one.number is None or one.number not in numbers]
    # A message changed in place has an older number: it comes first, as it stands.
    new = sorted((*recorded, *others), key=lambda one: one.number or GREATEST_NUMBER)

    async def settle() -> None:
        site.core.settle(site.desk, said.key)

    response = JSONResponse(
        {
            "messages": [_as_json(one) for one in new],
            "fresh": session.is_new,
            "forgotten": said.after is None,
        },
        background=BackgroundTask(settle) if said.reply is not None else None,
    )
    _keep(response, site, session, said)
    return response


def _keep(response: Response, site: Site, session: Session, said: Said) -> None:
    """Keep the session; somebody who had their data deleted comes back as somebody new."""
    keep_session(response, site.desk, session if said.after is not None else new_session())


def _told(said: Said) -> list[Shown]:
    parts = said.reply.messages() if said.reply is not None else ()
    return [show_reply(part, part.number) for part in parts]


def _as_json(shown: Shown) -> dict[str, object]:
    return {"number": shown.number, "html": shown.html}


def page_answer(site: Site, session: Session, said: Said, *, is_large: bool) -> Response:
    """Send the browser back to the page, at the first new message.

    What was not recorded, or belongs to a person now forgotten, cannot be found there again
    and is shown at once.
    """
    told = _told(said)
    if said.reply is not None:
        site.core.settle(site.desk, said.key)
    response: Response
    if said.after is None or any(one.number is None for one in told):
        unrecorded = "".join(one.html for one in told if said.after is None or one.number is None)
        response = HTMLResponse(chat_html(site, session, is_large=is_large, unrecorded=unrecorded))
    else:
        anchor = f"#m-{told[0].number}" if told else "#end"
        response = RedirectResponse(f"/{anchor}", 303)
    _keep(response, site, session, said)
    return response


async def read_on(site: Site, request: Request) -> Response:
    """Return what was said since a message: the page asks from time to time."""
    session = session_of(request, site.desk, site.kiosk)
    after = read_number(request.query_params.get("after"))
    person = known_person(site.desk, session)
    shown = conversation(site.desk, person, after=after)
    return JSONResponse(
        {"messages": [_as_json(one) for one in shown], "fresh": session.is_new, "forgotten": False}
    )
