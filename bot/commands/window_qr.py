"""window-qr: QR codes of all windows, PNG each, and a printable sheet."""

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.options import WRONG_USE, Context, common_options, fail
from bot.commands.qr_sheet import Card, qr_sheet
from bot.qr import qr_png
from knowledge.model import KnowledgeBase

TITLE = "问材料，扫这里"
FOOT = "办完评价请扫旁边省“好差评”码。"


@click.command("window-qr")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@common_options
def window_qr(settings: Context, folder: Path | None) -> None:
    """生成每个窗口的二维码（PNG）和一张可打印的总表。

    \b
    例：python -m bot window-qr 二维码/
    """
    desk = settings.desk()
    web, telegram = desk.settings.web, desk.settings.telegram
    if web.public_url:
        prefix = f"{web.public_url}/w/"
    elif telegram.username:
        prefix = f"https://t.me/{telegram.username}?start=w-"
    elif desk.settings.demo:
        prefix = f"http://{web.host}:{web.port}/w/"
    else:
        fail("不知道群众打开的地址：请在 config.yaml 填 web.public_url。", WRONG_USE)
    folder = folder or desk.settings.data_dir / "window-qr"
    folder.mkdir(parents=True, exist_ok=True)
    cards = []
    for hall, name, code in _windows(desk.base):
        png = qr_png(prefix + code)
        (folder / f"{code}.png").write_bytes(png)
        cards.append(Card(TITLE, png, (f"{hall}·{name}", FOOT)))
    (folder / "窗口二维码.html").write_text(qr_sheet("窗口二维码", cards), encoding="utf-8")
    click.echo(f"{len(cards)} 个窗口的二维码在 {folder}，打印总表 窗口二维码.html。")


def _windows(base: KnowledgeBase) -> list[tuple[str, str, str]]:
    return [
        (hall.name, window.name + ("（示例）" if window.sample else ""), window.code)
        for hall in base.places.values()
        for window in hall.windows
    ]
