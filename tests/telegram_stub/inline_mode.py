"""The checks of answerInlineQuery."""

import re
from collections.abc import Callable

from tests.telegram_stub.formatting import is_usable_url, length_of, parse_html, plain_text
from tests.telegram_stub.keyboards import check_inline_markup
from tests.telegram_stub.parameters import required
from tests.telegram_stub.records import InlineAnswer, Json, Malformed, bad_request
from tests.telegram_stub.world import World

MAX_RESULTS = 50
MAX_ID_BYTES = 64
MAX_TEXT = 4096
_ARTICLE_FIELDS = frozenset(
    [
        "type",
        "id",
        "title",
        "input_message_content",
        "reply_markup",
        "url",
        "description",
        "thumbnail_url",
        "thumbnail_width",
        "thumbnail_height",
    ]
)
_CONTENT_FIELDS = frozenset(["message_text", "parse_mode", "entities", "link_preview_options"])


def answer_inline_query(world: World, params: Json, violate: Callable[[str], None]) -> bool:
    """Offer results for what a person typed behind the bot's name."""
    query = world.inline_queries.get(required(params, "inline_query_id"))
    if query is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if query.answer is not None and world.delivered.get(query.update_id, 0) < 2:
        violate("inline query answered twice")
    results = params.get("results")
    if not isinstance(results, list):
        raise Malformed("can't parse inline query results JSON object")
    if len(results) > MAX_RESULTS:
        raise Malformed("RESULTS_TOO_MUCH")
    for result in results:
        _check_result(result, violate)
    if len({result["id"] for result in results}) < len(results):
        raise Malformed("RESULT_ID_DUPLICATE")
    if params.get("cache_time", 300) < 0:
        raise Malformed("cache_time must not be negative")
    if len(params.get("next_offset", "").encode()) > MAX_ID_BYTES:
        raise Malformed("NEXT_OFFSET_INVALID")
    _check_button(params.get("button"))
    query.answer = InlineAnswer(
        results=tuple(results),
        button=params.get("button"),
        cache_seconds=params.get("cache_time", 300),
        is_personal=params.get("is_personal", False),
        next_offset=params.get("next_offset", ""),
    )
    return True


def _check_result(result: object, violate: Callable[[str], None]) -> None:
    if not isinstance(result, dict) or not isinstance(result.get("id"), str):
        raise Malformed("can't parse inline query result: id expected")
    if not 1 <= len(result["id"].encode()) <= MAX_ID_BYTES:
        raise Malformed("RESULT_ID_INVALID")
    if result.get("type") != "article":
        raise Malformed("inline query result type is unsupported here: articles only")
    for name in result.keys() - _ARTICLE_FIELDS:
        violate(f"unknown field {name!r} in an inline result")
    if not isinstance(result.get("title"), str) or not result["title"].strip():
        raise Malformed("article title is empty")
    _check_content(result.get("input_message_content"), violate)
    if "reply_markup" in result:
        for problem in check_inline_markup(result["reply_markup"]):
            violate(problem)


def _check_content(content: object, violate: Callable[[str], None]) -> None:
    if not isinstance(content, dict) or not isinstance(content.get("message_text"), str):
        raise Malformed("input message content is not specified")
    for name in content.keys() - _CONTENT_FIELDS:
        violate(f"unknown field {name!r} in input_message_content")
    match content.get("parse_mode", ""):
        case "":
            formatted = plain_text(content["message_text"])
        case "HTML":
            formatted = parse_html(content["message_text"])
        case _:
            raise Malformed("unsupported parse_mode: this house writes HTML only")
    for problem in formatted.problems:
        violate(problem)
    if not formatted.text:
        raise Malformed("message text is empty")
    if length_of(formatted.text) > MAX_TEXT:
        raise Malformed("MESSAGE_TOO_LONG")


def _check_button(button: object) -> None:
    match button:
        case None:
            pass
        case {"text": str(label), "start_parameter": str(payload), **rest} if label and not rest:
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
                raise Malformed("START_PARAM_INVALID")
        case {"text": str(label), "web_app": {"url": str(address)}, **rest} if label and not rest:
            if not address.startswith("https://") or not is_usable_url(address):
                raise Malformed("BUTTON_URL_INVALID")
        case _:
            raise Malformed("can't parse inline query results button JSON object")
