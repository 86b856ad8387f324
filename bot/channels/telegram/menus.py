"""The command menus, by role, and the profile. Menus are no access control."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.channels.telegram.core import MenuLine
from bot.settings import Settings
from bot.views.telegram_words import (
    command_description,
    profile_description,
    profile_short_description,
)

log = logging.getLogger(__name__)

LANGUAGES = (None, "zh")


async def publish_profile(bot: Bot, menu: Sequence[MenuLine], settings: Settings) -> None:
    """Tell Telegram the citizens' menu and what this bot is for."""
    scopes: tuple[BotCommandScope, ...] = (
        BotCommandScopeDefault(),
        BotCommandScopeAllPrivateChats(),
    )
    for scope in scopes:
        await _publish(bot, menu, scope)
    await _tolerantly(bot.set_my_description(profile_description(settings)))
    await _tolerantly(bot.set_my_short_description(profile_short_description(settings)))


async def publish_chat_menu(bot: Bot, chat_id: int, menu: Sequence[MenuLine]) -> None:
    """Show one chat a menu of its own."""
    await _publish(bot, menu, BotCommandScopeChat(chat_id))


async def clear_chat_menu(bot: Bot, chat_id: int) -> None:
    """Show one chat the citizens' menu again."""
    for language in LANGUAGES:
        await _tolerantly(
            bot.delete_my_commands(scope=BotCommandScopeChat(chat_id), language_code=language)
        )


async def _publish(bot: Bot, menu: Sequence[MenuLine], scope: BotCommandScope) -> None:
    commands = [_command(line) for line in menu]
    for language in LANGUAGES:
        await _tolerantly(bot.set_my_commands(commands, scope=scope, language_code=language))


def _command(line: MenuLine) -> BotCommand:
    word = line.words[0] if line.words else line.description
    return BotCommand(line.name, command_description(word, line.description))


async def _tolerantly(call: Awaitable[bool]) -> None:
    """Do without a menu rather than without a conversation."""
    try:
        await call
    except TelegramError as error:
        log.warning("a menu or description was not set: %s", error.message)
