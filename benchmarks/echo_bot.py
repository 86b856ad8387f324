"""An ordinary python-telegram-bot application that answers each step with recorded calls."""

from __future__ import annotations

import json
import logging
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from telegram import InlineKeyboardMarkup, Update
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters


def main() -> None:
    """Run until stopped: base URL, token, file of steps."""
    base_url, token, script = sys.argv[1:]
    steps = {int(k): v for k, v in json.loads(Path(script).read_text(encoding="utf-8")).items()}
    logging.getLogger("httpx").setLevel(logging.WARNING)
    application = Application.builder().token(token).base_url(base_url).build()
    at: dict[int, int] = defaultdict(int)

    async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        chat = update.effective_chat
        assert chat is not None
        message = update.effective_message
        if message is not None and message.text == "/start":
            await context.bot.send_message(chat.id, "hello")
            return
        step = 0 if update.callback_query is None else at[chat.id] + 1
        at[chat.id] = step
        for call in steps.get(step, []):
            await _make(call, update, context)

    application.add_handler(MessageHandler(filters.TEXT, answer))
    application.add_handler(CallbackQueryHandler(answer))
    application.run_polling()


async def _make(call: dict[str, Any], update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    chat = update.effective_chat
    assert chat is not None
    markup = call.get("markup")
    keyboard = InlineKeyboardMarkup.de_json(_as_json(markup), context.bot) if markup else None
    if call["method"] == "answerCallbackQuery" and update.callback_query:
        await update.callback_query.answer()
    elif call["method"] == "sendMessage":
        await context.bot.send_message(
            chat.id, call["text"], parse_mode="HTML", reply_markup=keyboard
        )
    elif call["method"] == "editMessageText" and update.callback_query:
        await update.callback_query.edit_message_text(
            call["text"], parse_mode="HTML", reply_markup=keyboard
        )


def _as_json(markup: Any) -> Any:
    return json.loads(markup) if isinstance(markup, str) else markup


if __name__ == "__main__":
    main()
