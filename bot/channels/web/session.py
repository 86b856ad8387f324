"""Who is at the browser: a random cookie, of which only the hash is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from bot.database import transaction
from bot.demo import demo_person
from bot.desk import Desk
from bot.dialogue import Channel, Person, Role
from bot.records import people
from bot.records.people import Address

SESSION_COOKIE = "session"
ROLE_COOKIE = "role"
LARGE_COOKIE = "large"
HOME_COOKIE = "home"
SECRET_BYTES = 32
SECRET_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
RENEWED_AFTER = timedelta(days=1)
IDLE_SECONDS = 120
YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's session: its secret, and the role played in the demonstration."""

    secret: str
    is_new: bool
    role: Role = Role.CITIZEN

    @property
    def address(self) -> Address:
        """Return where this session is reached; each demonstration role is someone else."""
        digest = hashlib.sha256(self.secret.encode()).hexdigest()
        suffix = "" if self.role is Role.CITIZEN else f":{self.role}"
        return Address(Channel.WEB, digest + suffix)


class KioskSessions:
    """Remembers when each session of a shared tablet was last used.

    Only in memory: after a restart every one counts as left, which is the safe side.
    """

    def __init__(self) -> None:
        """Start with no session."""
        self._used_at: dict[str, datetime] = {}

    def touch(self, secret: str, now: datetime) -> None:
        """Note that a session is in use, and forget those that were left."""
        self._used_at = {s: at for s, at in self._used_at.items() if not _is_left(at, now)}
        self._used_at[secret] = now

    def leave(self, secret: str) -> None:
        """Forget a session at once."""
        self._used_at.pop(secret, None)

    def is_in_use(self, secret: str, now: datetime) -> bool:
        """Tell whether a session was used within the last two minutes."""
        used_at = self._used_at.get(secret)
        return used_at is not None and not _is_left(used_at, now)


def _is_left(used_at: datetime, now: datetime) -> bool:
    return now - used_at >= timedelta(seconds=IDLE_SECONDS)


def session_of(request: Request, desk: Desk, kiosk: KioskSessions) -> Session:
    """Return the browser's session; a new one where there is none or its tablet was left."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    left = desk.settings.web.kiosk and not kiosk.is_in_use(secret, desk.now())
    if left or not SECRET_SHAPE.fullmatch(secret):
        return new_session()
    return Session(secret, is_new=False, role=_demo_role(request, desk))


def new_session() -> Session:
    """Return a session that nobody has used."""
    return Session(secrets.token_urlsafe(SECRET_BYTES), is_new=True)


def _demo_role(request: Request, desk: Desk) -> Role:
    chosen = request.cookies.get(ROLE_COOKIE)
    return Role(chosen) if desk.settings.demo and chosen in set(Role) else Role.CITIZEN


def known_person(desk: Desk, session: Session) -> Person | None:
    """Return the person of a session, if they ever said anything."""
    return None if session.is_new else _still_bound(desk, session)


def _still_bound(desk: Desk, session: Session) -> Person | None:
    """Return the person at a session's address; a staff member's ends after days of disuse."""
    found = people.find_person(desk.db, session.address)
    if found is None or not found.is_staff or session.role is not Role.CITIZEN:
        return found
    days, now = desk.settings.web.staff_session_days, desk.now()
    used_at = people.session_used_at(desk.db, session.address)
    if used_at is None or now - used_at < RENEWED_AFTER:
        return found
    with transaction(desk.db):
        if now - used_at <= timedelta(days=days):
            people.renew_session(desk.db, session.address, now=now)
            return found
        people.leave_address(desk.db, found, session.address)
    return None


def person_of(desk: Desk, session: Session) -> Person:
    """Return the person of a session, made known now if need be."""
    found = _still_bound(desk, session)
    if found is not None:
        return found
    with transaction(desk.db):
        if session.role is not Role.CITIZEN:
            return demo_person(desk, session.role, session.address)
        return people.person_at(desk.db, session.address, now=desk.now())


def keep_session(response: Response, desk: Desk, session: Session) -> None:
    """Give the browser its session cookie; on a shared tablet it ends with the browser."""
    web = desk.settings.web
    days = desk.settings.privacy.chat_days
    set_cookie(
        response, desk, SESSION_COOKIE, session.secret, None if web.kiosk else days * 24 * 3600
    )


def set_cookie(
    response: Response, desk: Desk, name: str, value: str, max_age: int | None = None
) -> None:
    """Set a cookie that scripts cannot read and other sites' posts do not carry."""
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="lax",
        secure=(desk.settings.web.public_url or "").startswith("https://"),
    )
