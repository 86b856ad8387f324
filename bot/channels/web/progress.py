"""/progress: where a case or a feedback stands, for whoever has its number; kept from robots.

/feedback/<key>: what a citizen was told of their feedback, where chat may not carry it."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.channels.web.render import table_html
from bot.channels.web.session import keep_session, session_of
from bot.channels.web.site import Site
from bot.handlers.progress import progress_of
from bot.handlers.rectifications import status_of, told_page
from bot.views import page_words as wording
from bot.views.due_days import WHY
from bot.views.progress import (
    FEEDBACK_TITLE,
    TITLE,
    Progress,
    progress_lines,
    why_table,
    why_words,
)

MOST_LOOKUPS = 10
MOST_OF_STRANGERS = 60
LONGEST_NUMBER = 64
ROBOTS = "noindex, nofollow, noarchive"


async def ask_progress(site: Site, request: Request) -> Response:
    """Show the form, or go to the page of the number that was typed in."""
    number = request.query_params.get("number", "").strip()[:LONGEST_NUMBER]
    if number:
        return _unseen(RedirectResponse(f"/progress/{quote(number, safe='')}", 303))
    response = _unseen(site.pages.plain(TITLE, site.pages.fill("progress.html", number="")))
    keep_session(response, site.desk, session_of(request, site.desk, site.kiosk))
    return response


async def show_progress(site: Site, request: Request) -> Response:
    """Show state and dates of the case with this very number."""
    session = session_of(request, site.desk, site.kiosk)
    # Who keeps no cookie looks like everybody else without one.
    who, most = ("", MOST_OF_STRANGERS) if session.is_new else (session.secret, MOST_LOOKUPS)
    if not site.lookups.may_look(who, most, site.desk.now()):
        return _unseen(site.pages.notice(wording.PROGRESS_TOO_OFTEN, 429))
    shown = _shown(site, request.path_params["number"].strip()[:LONGEST_NUMBER])
    if shown is None:
        response = site.pages.notice(wording.PROGRESS_UNKNOWN, 404)
    else:
        form = site.pages.fill("progress.html", number="")
        response = site.pages.plain(TITLE, shown + form)
    keep_session(response, site.desk, session)
    return _unseen(response)


def _shown(site: Site, number: str) -> str | None:
    """Show where a case stands, or a feedback, whose numbers begin with Z."""
    if number[:1] in ("Z", "z"):
        lines = status_of(site.desk, number)
        return None if lines is None else paragraphs(lines)
    found = progress_of(site.desk, number)
    return None if found is None else paragraphs(progress_lines(found)) + _why(found)


def _why(progress: Progress) -> str:
    """Return 为什么是这天, folded up until it is asked for."""
    if not progress.has_due_day:
        return ""
    return (
        f"<details><summary>{escape(WHY)}</summary><p>{escape(why_words(progress))}</p>"
        f"{table_html(why_table(progress))}</details>"
    )


def paragraphs(lines: tuple[str, ...]) -> str:
    """Return each line as a paragraph."""
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


async def show_feedback(site: Site, request: Request) -> Response:
    """Show whoever was given the link what they were told of their feedback."""
    lines = told_page(site.desk, request.path_params["key"][:LONGEST_NUMBER])
    if lines is None:
        return _unseen(site.pages.notice(wording.FEEDBACK_UNKNOWN, 404))
    return _unseen(site.pages.plain(FEEDBACK_TITLE, paragraphs(lines)))


def _unseen(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = ROBOTS
    return response
