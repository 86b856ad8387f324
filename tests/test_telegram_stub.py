"""The stub of Telegram answers as Telegram does, over real HTTP, and misses nothing."""

import asyncio
import json
import struct
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import telegram
from telegram import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    MenuButtonCommands,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from tests.telegram_stub import (
    PNG,
    BadGateway,
    CannotDoThat,
    DropAfterEffect,
    DropBeforeEffect,
    Pace,
    Refusal,
    SlowAnswer,
    Stub,
    TooManyRequests,
    User,
    blocked,
    running_stub,
)

# Nothing here is encrypted, and loading certificates takes time.
LOCAL: dict[str, Any] = {"trust_env": False, "verify": False}
Work = Callable[[telegram.Bot], Awaitable[Any]]


@pytest.fixture(name="stub")
def _stub() -> Iterator[Stub]:
    with running_stub() as stub:
        yield stub


@pytest.fixture(name="user")
def _user(stub: Stub) -> User:
    user = stub.user()
    user.starts()
    return user


@asynccontextmanager
async def a_bot(stub: Stub, *, token: str = "") -> AsyncIterator[telegram.Bot]:
    def request() -> HTTPXRequest:
        return HTTPXRequest(read_timeout=3, httpx_kwargs=LOCAL)

    bot = telegram.Bot(
        token or stub.token,
        base_url=stub.base_url,
        base_file_url=stub.base_file_url,
        request=request(),
        get_updates_request=request(),
    )
    async with bot:
        yield bot


def bot_does(stub: Stub, work: Work) -> Any:
    async def run() -> Any:
        async with a_bot(stub) as bot:
            return await work(bot)

    return asyncio.run(run())


def post(stub: Stub, method: str, **fields: Any) -> httpx.Response:
    with httpx.Client(**LOCAL) as client:
        return client.post(f"{stub.base_url}{stub.token}/{method}", json=fields)


def refusal_of(stub: Stub, method: str, **fields: Any) -> str:
    answer = post(stub, method, **fields).json()
    assert answer["ok"] is False
    return str(answer["description"])


def problems(stub: Stub) -> list[str]:
    return [violation.problem for violation in stub.violations]


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(x, callback_data=f"v1:{x}")] for x in labels]
    )


def inline(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


# -- the surface


def test_the_bot_introduces_itself(stub: Stub) -> None:
    me = bot_does(stub, lambda bot: bot.get_me())

    assert (me.username, me.is_bot) == ("kf_yikouqing_bot", True)
    assert (me.can_join_groups, me.supports_inline_queries) == (True, True)


def test_a_wrong_token_is_unauthorised(stub: Stub) -> None:
    url = f"{stub.base_url}7000000001:wrong/getMe"

    answer = httpx.get(url, **LOCAL)

    assert answer.status_code == 401
    assert answer.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


def test_the_library_takes_a_wrong_token_for_invalid(stub: Stub) -> None:
    async def start() -> None:
        async with a_bot(stub, token="7000000001:wrong"):
            raise AssertionError("must not start")

    with pytest.raises(InvalidToken):
        asyncio.run(start())


@pytest.mark.parametrize("shape", ["query", "form", "json", "multipart"])
def test_parameters_may_come_in_four_shapes(stub: Stub, user: User, shape: str) -> None:
    url = f"{stub.base_url}{stub.token}/sendMessage"
    fields = {"chat_id": str(user.id), "text": "您好"}
    with httpx.Client(**LOCAL) as client:
        match shape:
            case "query":
                answer = client.get(url, params=fields)
            case "form":
                answer = client.post(url, data=fields)
            case "json":
                answer = client.post(url, json={"chat_id": user.id, "text": "您好"})
            case _:
                answer = client.post(url, files={k: (None, v) for k, v in fields.items()})

    assert answer.json()["result"]["text"] == "您好"
    assert stub.calls_of("sendMessage")[0].params == {"chat_id": user.id, "text": "您好"}


def test_unknown_methods_and_parameters_are_violations(stub: Stub, user: User) -> None:
    unknown = post(stub, "sendNonsense", chat_id=user.id)
    post(stub, "sendMessage", chat_id=user.id, text="好", disable_web_page_preview=True)

    assert unknown.status_code == 404
    assert problems(stub) == ["unknown method", "unknown parameter 'disable_web_page_preview'"]


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(stub: Stub, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{stub.base_url}{stub.token}/getMe"

    answer = httpx.post(url, content=body, headers=headers, **LOCAL)

    assert answer.status_code == 400


# -- polling


def test_an_update_comes_until_it_is_confirmed(stub: Stub, user: User) -> None:
    (started,) = stub.pending_updates()
    asked = user.sends("娃上户口")

    async def work(bot: telegram.Bot) -> list[list[int]]:
        batches = [await bot.get_updates(offset=each) for each in (None, started, asked, started)]
        return [[update.update_id for update in batch] for batch in batches]

    assert bot_does(stub, work) == [[started, asked]] * 2 + [[asked]] * 2
    assert stub.deliveries(asked) == 4


def test_limit_and_negative_offset(stub: Stub, user: User) -> None:
    ids = [*stub.pending_updates(), user.sends("一"), user.sends("二")]

    first = post(stub, "getUpdates", limit=1).json()["result"]
    last = post(stub, "getUpdates", offset=-1).json()["result"]

    assert [first[0]["update_id"], last[0]["update_id"]] == [ids[0], ids[2]]
    assert stub.pending_updates() == (ids[2],)


def test_a_long_poll_returns_as_soon_as_someone_writes(stub: Stub) -> None:
    user = stub.user()
    timer = threading.Timer(0.2, lambda: user.sends("在吗"))
    begun_at = time.monotonic()
    timer.start()

    (update,) = bot_does(stub, lambda bot: bot.get_updates(timeout=10))
    timer.join()

    assert update.message.text == "在吗"
    assert 0.15 < time.monotonic() - begun_at < 2


def test_a_long_poll_ends_after_its_timeout(stub: Stub) -> None:
    begun_at = time.monotonic()

    assert post(stub, "getUpdates", timeout=1).json()["result"] == []
    assert 0.9 < time.monotonic() - begun_at < 2


def test_a_second_poller_ends_the_first(stub: Stub) -> None:
    async def work(bot: telegram.Bot) -> BaseException | None:
        first = asyncio.create_task(bot.get_updates(timeout=10))
        await stub.eventually(lambda: stub.calls_of("getUpdates"))
        await asyncio.sleep(0.05)
        await bot.get_updates(timeout=0)
        await asyncio.wait([first])
        return first.exception()

    assert isinstance(bot_does(stub, work), Conflict)


def test_a_poller_that_went_away_causes_no_conflict(stub: Stub) -> None:
    with pytest.raises(httpx.ReadTimeout), httpx.Client(**LOCAL, timeout=0.2) as client:
        client.get(f"{stub.base_url}{stub.token}/getUpdates?timeout=20")

    post(stub, "getUpdates", timeout=0)

    assert [call.status for call in stub.calls_of("getUpdates")] == [0, 200]


def test_kinds_not_asked_for_are_not_kept(stub: Stub, user: User) -> None:
    post(stub, "getUpdates", offset=-1, allowed_updates=["message"])
    before = stub.pending_updates()

    user.inline("退休")
    user.blocks()

    assert stub.pending_updates() == before


def test_a_redelivered_update_comes_once_more_below_the_offset(stub: Stub, user: User) -> None:
    (started,) = stub.pending_updates()
    post(stub, "getUpdates", offset=started + 1)
    stub.redeliver(started)

    again = post(stub, "getUpdates", offset=started + 1).json()["result"]
    empty = post(stub, "getUpdates", offset=started + 1).json()["result"]

    assert [update["update_id"] for update in again] == [started]
    assert empty == []


# -- sending and editing


def test_a_sent_message_parses_and_is_remembered(stub: Stub, user: User) -> None:
    sent = bot_does(
        stub,
        lambda bot: bot.send_message(
            user.id,
            " <b>必须带</b>：A&amp;B <i>😀</i>x",
            parse_mode="HTML",
            reply_markup=keyboard("改"),
        ),
    )

    assert sent.text == "必须带：A&B 😀x"
    assert [(e.type, e.offset, e.length) for e in sent.entities] == [
        ("bold", 0, 3),
        ("italic", 8, 2),
    ]
    assert (sent.chat.type, sent.from_user.is_bot) == ("private", True)
    assert stub.messages(user.id)[0].labels == ("改",)
    assert stub.violations == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", 'Unsupported start tag ""'),
        ("a & b", "Unescaped '&'"),
        ("&nbsp;", "Unescaped '&'"),
        ("<b>甲", "Can't find end tag"),
        ("</b>", "Unexpected end tag"),
        ("<b><i>甲</b></i>", "Unmatched end tag"),
        ("<div>甲</div>", 'Unsupported start tag "div"'),
        ("<a>甲</a>", "Wrong attributes"),
        ('<b class="x">甲</b>', "Wrong attributes"),
        ("<br/>", 'Unsupported start tag ""'),
    ],
)
def test_bad_html_is_refused(stub: Stub, user: User, source: str, expected: str) -> None:
    description = refusal_of(stub, "sendMessage", chat_id=user.id, text=source, parse_mode="HTML")

    assert description.startswith("Bad Request: can't parse entities: ")
    assert expected in description
    assert problems(stub) == [description]


def test_the_allowed_tags_pass(stub: Stub, user: User) -> None:
    tags = ["b", "strong", "i", "em", "u", "s", "code", "pre", "blockquote", "tg-spoiler"]
    source = " ".join(f"<{tag}>&lt;甲&gt;&#x27;&quot;</{tag}>" for tag in tags)
    link = '<a href="https://example.org/?a=1&amp;b=2">乙</a>'

    answer = post(stub, "sendMessage", chat_id=user.id, text=source + link, parse_mode="HTML")

    entities = answer.json()["result"]["entities"]
    assert len(entities) == 11
    assert entities[-1]["url"] == "https://example.org/?a=1&b=2"
    assert stub.violations == ()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('<a href="javascript:x">甲</a>', "unusable address"),
        ("<code><b>甲</b></code>", "inside code"),
        ("<b>甲</b>" * 101, "101 entities"),
    ],
)
def test_what_telegram_repairs_silently_is_a_violation(
    stub: Stub, user: User, source: str, expected: str
) -> None:
    answer = post(stub, "sendMessage", chat_id=user.id, text=source, parse_mode="HTML")

    assert answer.status_code == 200
    assert expected in problems(stub)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "message text is empty"),
        (" \n ", "message text is empty"),
        ("<b></b>", "message text is empty"),
        ("字" * 4096, ""),
        ("字" * 4097, "message is too long"),
        (f"<b>{'字' * 4096}</b>", ""),
        ("😀" * 2049, "message is too long"),
    ],
)
def test_text_has_1_to_4096_characters(stub: Stub, user: User, text: str, expected: str) -> None:
    answer = post(stub, "sendMessage", chat_id=user.id, text=text, parse_mode="HTML").json()

    assert answer.get("description", "") == (f"Bad Request: {expected}" if expected else "")


BAD_KEYBOARDS = [
    ("nonsense", "can't parse reply_markup JSON object"),
    ({}, "can't parse reply keyboard"),
    (inline([{"text": "甲"}]), "text buttons are unallowed"),
    (inline([{"text": " ", "callback_data": "x"}]), "non-empty string"),
    (inline([{"text": "甲", "callback_data": "x", "url": "https://a.cn"}]), "several actions"),
    (inline([{"text": "甲", "callback_data": ""}]), "BUTTON_DATA_INVALID"),
    (inline([{"text": "甲", "callback_data": "字" * 22}]), "BUTTON_DATA_INVALID: 66 bytes"),
    (inline([{"text": "甲", "url": "ftp://a.cn/"}]), "wrong URL"),
    (inline([{"text": "甲", "url": "http://localhost:8000/"}]), "wrong URL"),
    (inline([{"text": "甲", "web_app": {"url": "http://a.cn/"}}]), "BUTTON_URL_INVALID"),
    (inline([{"text": "甲", "callback_data": "x"}] * 9), "more than 8"),
    (inline(*[[{"text": "甲", "callback_data": "x"}]] * 101), "more than 100"),
    ({"keyboard": [[{"text": ""}]]}, "non-empty string"),
    ({"remove_keyboard": False}, "must be true"),
]


@pytest.mark.parametrize(("markup", "expected"), BAD_KEYBOARDS)
def test_bad_keyboards_are_refused(stub: Stub, user: User, markup: Any, expected: str) -> None:
    description = refusal_of(stub, "sendMessage", chat_id=user.id, text="好", reply_markup=markup)

    assert expected in description
    assert problems(stub) == [description]


def test_keyboards_at_their_limits_pass(stub: Stub, user: User) -> None:
    row = [{"text": "甲", "callback_data": "x" * 64}] * 8
    tail = [
        {"text": "乙", "url": "tg://user?id=5"},
        {"text": "丙", "url": "https://a.cn:8443/w?x=1"},
    ]

    answer = post(
        stub,
        "sendMessage",
        chat_id=user.id,
        text="好",
        reply_markup=json.dumps(inline(*[row] * 12, tail)),
    )

    assert answer.status_code == 200
    assert stub.violations == ()


def test_empty_rows_and_unknown_button_fields_are_violations(stub: Stub, user: User) -> None:
    markup = inline([], [{"text": "甲", "callback_data": "x", "colour": "red"}])

    post(stub, "sendMessage", chat_id=user.id, text="好", reply_markup=markup)

    assert problems(stub) == ["empty keyboard row", "unknown field 'colour' in a button"]


def test_an_edit_changes_text_and_drops_the_keyboard(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> None:
        sent = await bot.send_message(user.id, "一", reply_markup=keyboard("甲"))
        await sent.edit_text("二")

    bot_does(stub, work)

    (message,) = user.messages()
    assert (message.text, message.keyboard, message.edit_count) == ("二", (), 1)


def test_an_edit_that_changes_nothing_is_refused(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> None:
        sent = await bot.send_message(user.id, "<b>一</b>", "HTML", reply_markup=keyboard("甲"))
        for edit in (
            sent.edit_text("<b>一</b> ", parse_mode="HTML", reply_markup=keyboard("甲")),
            sent.edit_reply_markup(keyboard("甲")),
        ):
            with pytest.raises(BadRequest, match="Message is not modified"):
                await edit
        await sent.edit_text("一", reply_markup=keyboard("甲"))
        await sent.edit_reply_markup(keyboard("乙"))

    bot_does(stub, work)

    assert stub.violations == ()
    assert user.messages()[0].labels == ("乙",)


def test_only_messages_that_can_be_edited_are(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> None:
        menu = await bot.send_message(user.id, "菜单", reply_markup=ReplyKeyboardMarkup([["帮助"]]))
        photo = await bot.send_photo(user.id, PNG)
        with pytest.raises(BadRequest, match="can't be edited"):
            await menu.edit_text("新")
        with pytest.raises(BadRequest, match="no text in the message"):
            await photo.edit_text("新")
        with pytest.raises(BadRequest, match="to edit not found"):
            await bot.edit_message_text("新", user.id, 999)
        await menu.delete()
        with pytest.raises(BadRequest, match="to delete not found"):
            await menu.delete()

    bot_does(stub, work)

    assert user.reply_keyboard() == ("帮助",)
    assert user.texts() == ("",)


def test_a_reply_names_its_message(stub: Stub, user: User) -> None:
    asked = stub.conversation(user.id)[0].message_id

    async def work(bot: telegram.Bot) -> Any:
        with pytest.raises(BadRequest, match="to be replied not found"):
            await bot.send_message(user.id, "答", reply_parameters=ReplyParameters(999))
        return await bot.send_message(user.id, "答", reply_parameters=ReplyParameters(asked))

    assert bot_does(stub, work).reply_to_message.text == "/start"


# -- who may be written to


def test_chats_the_bot_may_not_write_to(stub: Stub) -> None:
    stranger, leaver, gone = stub.user(1), stub.user(2), stub.user(3)
    leaver.starts()
    leaver.blocks()
    gone.starts()
    gone.deactivates()

    async def work(bot: telegram.Bot) -> list[str]:
        answers = []
        for chat_id in (999, stranger.id, leaver.id, gone.id):
            with pytest.raises((BadRequest, Forbidden)) as caught:
                await bot.send_message(chat_id, "提醒")
            answers.append(f"{type(caught.value).__name__}: {caught.value.message}")
        return answers

    assert bot_does(stub, work) == [
        "BadRequest: Chat not found",
        "Forbidden: Forbidden: bot can't initiate conversation with a user",
        "Forbidden: Forbidden: bot was blocked by the user",
        "Forbidden: Forbidden: user is deactivated",
    ]
    assert stub.violations == ()


def test_blocking_and_coming_back_are_told(stub: Stub, user: User) -> None:
    user.blocks()
    with pytest.raises(CannotDoThat):
        user.sends("在吗")
    user.starts("w-a3")

    updates = bot_does(stub, lambda bot: bot.get_updates())

    assert [u.my_chat_member.new_chat_member.status for u in updates if u.my_chat_member] == [
        "kicked",
        "member",
    ]
    assert updates[-1].message.text == "/start w-a3"


# -- files


def test_files_go_both_ways(stub: Stub, user: User) -> None:
    user.sends_document("户口本.pdf", b"%PDF-1")

    async def work(bot: telegram.Bot) -> bytes:
        update = (await bot.get_updates(offset=-1))[0]
        assert update.message
        assert update.message.document
        file = await update.message.document.get_file()
        await bot.send_document(
            user.id, b"slip", filename="告知单.pdf", caption="<b>单</b>", parse_mode="HTML"
        )
        sent = await bot.send_photo(user.id, PNG, caption="码", reply_markup=keyboard("甲"))
        await bot.send_photo(user.id, sent.photo[0].file_id)
        return bytes(await file.download_as_bytearray())

    assert bot_does(stub, work) == b"%PDF-1"
    document, photo, again = user.messages()
    assert document.upload
    assert (document.upload.file_name, document.upload.content) == ("告知单.pdf", b"slip")
    assert (document.text, photo.labels, again.upload) == ("单", ("甲",), photo.upload)
    assert stub.violations == ()


def test_files_are_refused_beyond_their_limits(stub: Stub, user: User) -> None:
    wide = PNG[:16] + struct.pack(">II", 9000, 1001) + PNG[24:]
    big = PNG + bytes(10 * 1024 * 1024)
    user.sends_document("大.bin", bytes(20 * 1024 * 1024 + 1))

    async def work(bot: telegram.Bot) -> list[str]:
        update = (await bot.get_updates(offset=-1))[0]
        assert update.message
        assert update.message.document
        attempts: list[Awaitable[Any]] = [
            update.message.document.get_file(),
            bot.send_photo(user.id, b"no picture"),
            bot.send_photo(user.id, wide),
            bot.send_photo(user.id, big),
            bot.send_document(user.id, b""),
            bot.send_document(user.id, "unknown-id"),
            bot.send_photo(user.id, PNG, caption="字" * 1025),
        ]
        refusals = []
        for attempt in attempts:
            with pytest.raises(TelegramError) as caught:
                await attempt
            refusals.append(caught.value.message.lower())
        return refusals

    refusals = bot_does(stub, work)

    expected = (
        "too big",
        "image",
        "dimensions",
        "too big",
        "non-empty",
        "wrong file id",
        "caption",
    )
    assert [want in got for want, got in zip(expected, refusals, strict=True)] == [True] * 7
    assert user.messages() == ()


def test_a_document_over_fifty_megabytes_is_too_large(stub: Stub, user: User) -> None:
    url = f"{stub.base_url}{stub.token}/sendDocument"
    files = {"document": ("大.bin", bytes(50 * 1024 * 1024 + 1))}

    answer = httpx.post(url, data={"chat_id": user.id}, files=files, **LOCAL, timeout=30)

    assert answer.status_code == 413


def test_files_need_the_token_and_a_known_path(stub: Stub) -> None:
    wrong = stub.base_file_url + "7000000001:wrong/documents/x"
    missing = f"{stub.base_file_url}{stub.token}/documents/x"

    codes = [httpx.get(url, **LOCAL).status_code for url in (wrong, missing)]

    assert codes == [401, 404]


# -- buttons


def test_a_pressed_button_is_answered_once(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> None:
        await bot.send_message(user.id, "评价", reply_markup=keyboard("满意", "不满意"))
        user.presses("满意")
        update = (await bot.get_updates(offset=-1))[0]
        query = update.callback_query
        assert query
        assert isinstance(query.message, telegram.Message)
        assert (query.data, query.message.text) == ("v1:满意", "评价")
        assert [each.data for each in stub.unanswered_callbacks()] == ["v1:满意"]
        await query.answer("谢谢")
        with pytest.raises(BadRequest, match="Query is too old and response timeout expired"):
            await query.answer("谢谢")

    bot_does(stub, work)

    assert stub.unanswered_callbacks() == ()
    assert problems(stub) == ["callback query answered twice"]


def test_unknown_and_expired_queries_are_too_old(stub: Stub, user: User) -> None:
    update_id = user.presses_forged("v0:何物")
    query_id = stub.callback(update_id).id
    stub.expire_callbacks()

    refusals = [
        refusal_of(stub, "answerCallbackQuery", callback_query_id=each) for each in ("5", query_id)
    ]

    assert set(refusals) == {
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    }
    assert stub.violations == ()


def test_queries_expire_by_themselves() -> None:
    with running_stub(callback_seconds=0) as stub:
        query_id = stub.callback(stub.user().presses_forged("v1:x")).id

        assert "too old" in refusal_of(stub, "answerCallbackQuery", callback_query_id=query_id)


def test_a_callback_answer_has_at_most_200_characters(stub: Stub, user: User) -> None:
    query_id = stub.callback(user.presses_forged("v1:x")).id

    long = refusal_of(stub, "answerCallbackQuery", callback_query_id=query_id, text="字" * 201)
    fits = post(stub, "answerCallbackQuery", callback_query_id=query_id, text="字" * 200)

    assert "MESSAGE_TOO_LONG" in long
    assert fits.status_code == 200


def test_presses_finds_the_newest_button_and_nothing_else(stub: Stub, user: User) -> None:
    link = InlineKeyboardMarkup([[InlineKeyboardButton("官网", url="https://example.org/")]])

    async def work(bot: telegram.Bot) -> None:
        await bot.send_message(user.id, "一", reply_markup=keyboard("甲", "乙"))
        await bot.send_message(user.id, "二", reply_markup=keyboard("甲"))
        await bot.send_message(user.id, "三", reply_markup=link)
        await bot.send_message(user.id, "四", reply_markup=ReplyKeyboardMarkup([["菜单"]]))

    bot_does(stub, work)
    first, second = user.messages()[:2]

    shown = [
        stub.world.history[update_id]["callback_query"]["message"]["message_id"]
        for update_id in (
            user.presses("甲"),
            user.presses(lambda label: label == "乙"),
            user.presses("甲", first),
        )
    ]
    assert shown == [second.message_id, first.message_id, first.message_id]
    assert stub.world.history[user.presses("菜单")]["message"]["text"] == "菜单"
    with pytest.raises(CannotDoThat, match="opens url"):
        user.presses("官网")
    with pytest.raises(CannotDoThat, match="there is no button '丙'"):
        user.presses("丙")


def test_the_button_of_a_deleted_message_comes_with_date_zero(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> int:
        sent = await bot.send_message(user.id, "旧", reply_markup=keyboard("甲"))
        await sent.delete()
        return user.presses_forged("v1:甲", sent.message_id)

    update_id = bot_does(stub, work)

    # The library's CallbackQuery makes a Message of 1970 of it, so look at what was sent.
    message = stub.world.history[update_id]["callback_query"]["message"]
    assert (message["date"], message.keys()) == (0, {"message_id", "chat", "date"})


# -- other things people send


def test_everything_people_send_parses(stub: Stub, user: User) -> None:
    user.sends_sticker()
    user.sends_voice()
    user.sends_photo(caption="这个行吗")
    user.sends("错字")
    user.edits("对的字")
    user.sends("字" * 10_000)

    updates = bot_does(stub, lambda bot: bot.get_updates())
    messages = [update.effective_message for update in updates]

    assert messages[0].entities[0].type == "bot_command"
    assert messages[1].sticker
    assert messages[2].voice
    assert messages[3].photo
    assert messages[3].caption == "这个行吗"
    assert updates[5].message is None
    assert (updates[5].edited_message.text, updates[5].edited_message.edit_date is None) == (
        "对的字",
        False,
    )
    assert [len(message.text) for message in messages[6:]] == [4096, 4096, 1808]


# -- inline mode


def article(number: int | str, text: str = "答") -> InlineQueryResultArticle:
    return InlineQueryResultArticle(str(number), "条目", InputTextMessageContent(text, "HTML"))


def test_inline_answers_are_kept(stub: Stub, user: User) -> None:
    update_id = user.inline("退休")
    button = InlineQueryResultsButton("去私聊", start_parameter="w-a3")

    async def work(bot: telegram.Bot) -> None:
        query = (await bot.get_updates(offset=-1))[0].inline_query
        assert query
        await query.answer([article(1), article(2)], cache_time=5, is_personal=True, button=button)

    bot_does(stub, work)

    assert [result["id"] for result in user.inline_results()] == ["1", "2"]
    answer = stub.inline_answer(update_id)
    assert answer
    assert (answer.cache_seconds, answer.is_personal) == (5, True)
    assert stub.violations == ()


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([article(number).to_dict() for number in range(51)], "RESULTS_TOO_MUCH"),
        ([article(1).to_dict(), article(1).to_dict()], "RESULT_ID_DUPLICATE"),
        ([article("字" * 22).to_dict()], "RESULT_ID_INVALID"),
        ([article(1, "a < b").to_dict()], "can't parse entities"),
        ([{"type": "article", "id": "1", "title": "x"}], "content is not specified"),
    ],
)
def test_bad_inline_results_are_refused(
    stub: Stub, user: User, results: Any, expected: str
) -> None:
    user.inline("退休")
    (query_id,) = stub.world.inline_queries

    description = refusal_of(stub, "answerInlineQuery", inline_query_id=query_id, results=results)

    assert expected in description


def test_an_unknown_inline_query_is_too_old(stub: Stub) -> None:
    assert "too old" in refusal_of(stub, "answerInlineQuery", inline_query_id="5", results=[])


# -- commands and descriptions


def test_people_see_the_most_specific_menu(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> list[dict[str, str]]:
        menus = []
        await bot.set_my_commands([BotCommand("help", "Help")])
        menus.append(user.menu())
        scope = BotCommandScopeAllPrivateChats()
        await bot.set_my_commands([BotCommand("help", "帮助")], scope=scope, language_code="zh")
        menus.append(user.menu())
        chat = BotCommandScopeChat(user.id)
        await bot.set_my_commands([BotCommand("today", "今日评价")], scope=chat)
        menus.append(user.menu())
        assert (await bot.get_my_commands(chat))[0].command == "today"
        await bot.delete_my_commands(chat)
        menus.append(user.menu())
        await bot.set_my_description("一次说清要带什么", "zh")
        await bot.set_my_short_description("办事问材料")
        await bot.set_chat_menu_button(user.id, MenuButtonCommands())
        return menus

    assert bot_does(stub, work) == [
        {"help": "Help"},
        {"help": "帮助"},
        {"today": "今日评价"},
        {"help": "帮助"},
    ]
    assert stub.world.descriptions[("description", "zh")] == "一次说清要带什么"
    assert stub.violations == ()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"commands": [{"command": "Help", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "a" * 33, "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "a", "description": ""}]}, "DESCRIPTION_INVALID"),
        ({"commands": [{"command": "a", "description": "x" * 257}]}, "DESCRIPTION_INVALID"),
        ({"commands": [{"command": "a", "description": "x"}] * 101}, "TOO_MUCH"),
        ({"commands": [], "scope": {"type": "everyone"}}, "BotCommandScope"),
        ({"commands": [], "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
        ({"commands": [], "language_code": "zh-CN"}, "LANG_CODE_INVALID"),
    ],
)
def test_bad_commands_are_refused(stub: Stub, fields: dict[str, Any], expected: str) -> None:
    assert expected in refusal_of(stub, "setMyCommands", **fields)


# -- groups


def test_groups_carry_mentions_replies_and_plain_talk(stub: Stub, user: User) -> None:
    group = stub.group()
    bot_does(stub, lambda bot: bot.send_message(group.id, "您好", reply_markup=keyboard("甲")))
    group.says(user, "大家好")
    group.mentions(user, "退休带啥")
    group.replies(user, "还有呢")
    group.presses(user, "甲")

    updates = bot_does(stub, lambda bot: bot.get_updates())[1:]

    plain, mention, reply = (update.message for update in updates[:3])
    assert (plain.chat.type, plain.entities) == ("group", ())
    assert mention.parse_entities(["mention"]) == {mention.entities[0]: "@kf_yikouqing_bot"}
    assert reply.reply_to_message.from_user.username == "kf_yikouqing_bot"
    assert updates[3].callback_query.message.chat.id == group.id


def test_a_migrated_group_tells_its_new_id(stub: Stub, user: User) -> None:
    group = stub.group()
    new = group.migrates(user)

    async def work(bot: telegram.Bot) -> int:
        with pytest.raises(ChatMigrated) as caught:
            await bot.send_message(group.id, "好")
        await bot.send_message(caught.value.new_chat_id, "好")
        return caught.value.new_chat_id

    assert bot_does(stub, work) == new.id
    assert new.texts() == ("好",)


def test_a_bot_that_left_or_was_removed_cannot_write(stub: Stub, user: User) -> None:
    left, kicked = stub.group(-1), stub.group(-2)
    kicked.removes_bot(user)

    async def work(bot: telegram.Bot) -> None:
        await bot.leave_chat(left.id)
        with pytest.raises(BadRequest, match="private"):
            await bot.leave_chat(user.id)
        for group, reason in ((left, "not a member"), (kicked, "kicked")):
            with pytest.raises(Forbidden, match=reason):
                await bot.send_message(group.id, "好")
        kicked.adds_bot(user)
        await bot.send_message(kicked.id, "好")
        assert (await bot.get_chat(kicked.id)).title == "市民之家一楼"

    bot_does(stub, work)


# -- misfortunes


def test_scripted_refusals_come_in_order_and_have_no_effect(stub: Stub, user: User) -> None:
    stub.script("sendMessage", BadGateway(), blocked(), Refusal(400, "Bad Request: no"))

    async def work(bot: telegram.Bot) -> list[str]:
        caught = []
        for _ in range(3):
            try:
                await bot.send_message(user.id, "好")
            except TelegramError as error:
                caught.append(type(error).__name__)
        await bot.send_message(user.id, "到")
        return caught

    assert bot_does(stub, work) == ["NetworkError", "Forbidden", "BadRequest"]
    assert user.texts() == ("到",)


def test_a_fault_may_be_meant_for_one_chat(stub: Stub, user: User) -> None:
    other = stub.user(2)
    other.starts()
    stub.script("*", blocked(), chat_id=other.id)

    codes = [
        post(stub, "sendMessage", chat_id=i, text="好").status_code for i in (user.id, other.id)
    ]

    assert codes == [200, 403]


@pytest.mark.parametrize(
    ("fault", "texts"), [(DropBeforeEffect(), ()), (DropAfterEffect(), ("好",))]
)
def test_a_cut_connection_before_and_after_the_effect(
    stub: Stub, user: User, fault: DropBeforeEffect | DropAfterEffect, texts: tuple[str, ...]
) -> None:
    stub.script("sendMessage", fault)

    async def work(bot: telegram.Bot) -> None:
        with pytest.raises(NetworkError) as caught:
            await bot.send_message(user.id, "好")
        assert isinstance(caught.value.__cause__, (httpx.ReadError, httpx.RemoteProtocolError))

    bot_does(stub, work)

    assert user.texts() == texts
    assert stub.calls_of("sendMessage")[0].status == 0


def test_a_slow_answer_times_out_after_its_effect(stub: Stub, user: User) -> None:
    stub.script("sendMessage", SlowAnswer(1.5))

    async def work(bot: telegram.Bot) -> None:
        with pytest.raises(TimedOut):
            await bot.send_message(user.id, "好", read_timeout=0.2)

    bot_does(stub, work)

    assert user.texts() == ("好",)


def test_an_unreachable_telegram_comes_back(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> None:
        with stub.unreachable(), pytest.raises(NetworkError):
            await bot.send_message(user.id, "好")
        await bot.send_message(user.id, "到")

    bot_does(stub, work)

    assert user.texts() == ("到",)


@pytest.mark.filterwarnings("ignore:Deprecated since version v22.2")  # retry_after as a number
def test_calling_again_before_retry_after_is_a_violation(stub: Stub, user: User) -> None:
    stub.script("sendMessage", TooManyRequests(1))

    async def work(bot: telegram.Bot) -> None:
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(user.id, "好")
        assert caught.value.retry_after == 1
        await asyncio.sleep(0.4)
        with pytest.raises(RetryAfter):
            await bot.send_message(user.id, "好")
        await asyncio.sleep(0.65)
        await bot.send_message(user.id, "好")

    bot_does(stub, work)

    assert user.texts() == ("好",)
    assert len(problems(stub)) == 1
    assert "before retry_after was over" in problems(stub)[0]


def test_the_pace_is_kept_per_chat_and_overall() -> None:
    with running_stub(pace=Pace(chat_seconds=0.5, overall_per_second=3)) as stub:
        people = [stub.user(number) for number in range(1, 6)]
        for each in people:
            each.starts()
        codes = [
            post(stub, "sendMessage", chat_id=chat_id, text="好").status_code
            for chat_id in (1, 1, 2, 3, 4)
        ]

    assert codes == [200, 429, 200, 200, 429]


def test_a_group_takes_twenty_messages_a_minute() -> None:
    with running_stub(pace=Pace(chat_seconds=0, overall_per_second=1000)) as stub:
        group = stub.group()
        answers = [post(stub, "sendMessage", chat_id=group.id, text="好") for _ in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert 50 <= answers[-1].json()["parameters"]["retry_after"] <= 60


# -- webhook


class Receiver(BaseHTTPRequestHandler):
    """Take updates like a bot's webhook; refuse the first."""

    seen: list[tuple[str, int]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        secret = self.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        self.seen.append((secret, body["update_id"]))
        self.send_response(500 if len(self.seen) == 1 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's word
        return


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[tuple[str, list[tuple[str, int]]]]:
    Receiver.seen = []
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", Receiver.seen
        server.shutdown()
        thread.join()


def test_updates_are_pushed_with_the_secret(
    stub: Stub, user: User, receiver: tuple[str, list[tuple[str, int]]]
) -> None:
    url, seen = receiver
    (update_id,) = stub.pending_updates()
    bot_does(
        stub, lambda bot: bot.set_webhook(url, secret_token="s-1", allowed_updates=["message"])
    )

    refused = stub.push_webhook()
    described = bot_does(stub, lambda bot: bot.get_webhook_info())
    taken = stub.push_webhook()

    assert (refused, taken, stub.pending_updates()) == ((500,), (200,), ())
    assert seen == [("s-1", update_id)] * 2
    assert described.last_error_message == "Wrong response from the webhook: 500"


def test_pushing_in_the_background_repeats_what_was_refused(
    stub: Stub, user: User, receiver: tuple[str, list[tuple[str, int]]]
) -> None:
    url, seen = receiver
    bot_does(stub, lambda bot: bot.set_webhook(url))

    with stub.webhook_pushing(connections=1):
        asked = user.sends("退休")
        stub.wait_for(lambda: not stub.pending_updates())

    assert seen[-1] == ("", asked)
    assert len(seen) == 3


def test_polling_beside_a_webhook_is_a_conflict(stub: Stub, user: User) -> None:
    async def work(bot: telegram.Bot) -> None:
        await bot.set_webhook("https://bot.example.org/hook", secret_token="abc")
        with pytest.raises(Conflict, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook(drop_pending_updates=True)
        assert await bot.get_updates() == ()

    bot_does(stub, work)


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "http://bot.example.org/hook"},
        {"url": "https://bot.example.org/", "secret_token": "空"},
        {"url": "https://bot.example.org/", "max_connections": 101},
    ],
)
def test_bad_webhooks_are_refused(stub: Stub, fields: dict[str, Any]) -> None:
    assert post(stub, "setWebhook", **fields).status_code == 400


# -- waiting and ending


def test_waiting_in_vain_says_what_happened(stub: Stub, user: User) -> None:
    post(stub, "sendChatAction", chat_id=user.id, action="typing")

    with pytest.raises(AssertionError, match=r"in vain; last calls \['sendChatAction 200'\]"):
        stub.wait_for(lambda: user.texts(), seconds=0.05)


def test_a_logged_out_bot_is_refused(stub: Stub) -> None:
    bot_does(stub, lambda bot: bot.log_out())

    assert refusal_of(stub, "getMe") == "Bad Request: Logged out"


def test_the_stub_stops_while_someone_polls() -> None:
    async def run() -> tuple[Any, ...]:
        with running_stub() as stub:
            bot = telegram.Bot(
                stub.token,
                base_url=stub.base_url,
                get_updates_request=HTTPXRequest(httpx_kwargs=LOCAL),
                request=HTTPXRequest(httpx_kwargs=LOCAL),
            )
            await bot.initialize()
            poll = asyncio.create_task(bot.get_updates(timeout=30))
            await stub.eventually(lambda: stub.calls_of("getUpdates"))
            await asyncio.sleep(0.05)
            begun_at = time.monotonic()
        assert time.monotonic() - begun_at < 2
        updates = await poll
        await bot.shutdown()
        return updates

    assert asyncio.run(run()) == ()
