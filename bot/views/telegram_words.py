"""What only Telegram shows or needs said: the profile, the menu, inline cards, its limits."""

from __future__ import annotations

from bot.dialogue import Reply
from bot.settings import Settings
from knowledge.model import ServicePackage

KINDS = {
    "photo": "图片",
    "voice": "语音",
    "audio": "音频",
    "video": "视频",
    "video_note": "视频",
    "animation": "动图",
    "sticker": "表情",
    "location": "位置",
    "contact": "名片",
    "document": "文件",
    "poll": "投票",
}


def kind_word(kind: str) -> str:
    """Return what people call a kind of message that is not text."""
    return KINDS.get(kind, "这种消息")


def file_too_large_reply() -> Reply:
    """Say to staff that Telegram hands over no file of this size."""
    return Reply("文件超过 20 MB，在 Telegram 上收不下，请在网页上传。")


def command_description(word: str, description: str) -> str:
    """Write a menu line with the Chinese word that does the same as the command."""
    return description if word == description else f"{word}｜{description}"


def profile_description(settings: Settings) -> str:
    """Say in an empty chat what this is for, and that Telegram's servers are abroad."""
    return (
        f"{settings.city}政务服务材料一口清：说说您要办啥，例如“娃上户口”，"
        "一次说全要带什么、去哪办、多久办好。\n"
        f"由{settings.organiser}提供。请勿输入身份证号；Telegram 的服务器在境外。"
    )


def profile_short_description(settings: Settings) -> str:
    """Say in one line what this is for."""
    return f"{settings.city}政务服务：办事要带什么，一次说全"


def more_buttons_line(left_out: int) -> str:
    """Say that there are more choices than Telegram can show."""
    return f"更多：还有 {left_out} 项按钮放不下，请直接打字说要办的事。"


def inline_message(opening: tuple[str, str], entry: ServicePackage, bot: str | None) -> str:
    """Write what an inline card posts: the first lines of the list, and where the rest is."""
    rest = f"完整清单请私聊 @{bot}，发“{entry.short_name}”" if bot else "完整清单请私聊我"
    return "\n".join((*opening, rest))


def token_rejected_line() -> str:
    """Say that the token is wrong and what to do."""
    return (
        "Telegram 令牌不对，请到 @BotFather 核对后改 TELEGRAM_BOT_TOKEN 或 token_file；网页照常运行"
    )


def unreachable_line() -> str:
    """Say that Telegram cannot be reached for now."""
    return "连不上 Telegram，会一直重试（要代理请设 telegram.proxy）；网页照常运行"


def reachable_line(username: str) -> str:
    """Say that Telegram is connected."""
    return f"Telegram 已连上：@{username}"


def another_poller_line() -> str:
    """Say that somebody else uses the same token."""
    return "另有程序在用同一个 Telegram 令牌收消息，请停掉其中一个；先隔一会儿再试"


def webhook_url_missing_line() -> str:
    """Say that the webhook mode lacks its address."""
    return "telegram.mode 是 webhook，但没填 telegram.webhook.url；请填公网 https 地址"
