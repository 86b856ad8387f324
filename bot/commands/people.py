"""people: binding codes for staff."""

from __future__ import annotations

import click

from bot.commands.options import WRONG_USE, Context, common_options, fail
from bot.commands.output import print_json
from bot.database import transaction
from bot.dialogue import STAFF, Role, Scope
from bot.places import canonical_district
from bot.qr import qr_png
from bot.records.people import make_code

CODES_FOLDER = "codes"


@click.group()
@common_options
def people(settings: Context) -> None:
    """工作人员：发绑定码。"""
    del settings


@people.command()
@click.option(
    "--role", required=True, type=click.Choice(sorted(role.value for role in STAFF)), help="角色"
)
@click.option("--district", help="区县，任何常用叫法；督查人员不填就是全市")
@click.option("--department", help="部门编号，见 departments.yaml")
@click.option("--window", help="窗口编号，见 places.yaml")
@click.option("--name", help="给谁")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def code(
    settings: Context,
    role: str,
    district: str | None,
    department: str | None,
    window: str | None,
    name: str | None,
    as_json: bool,
) -> None:
    """发一个一次性绑定码。

    \b
    例：python -m bot people code --role supervisor --district 兰考
    """
    desk = settings.desk()
    canonical = canonical_district(desk.base, district) if district else None
    if district and canonical is None:
        known = "、".join(d.name for d in desk.base.districts)
        fail(f"不认识区县 {district}；有：{known}", WRONG_USE)
    if department and department not in desk.base.departments:
        fail(f"不认识部门 {department}；有：{'、'.join(desk.base.departments)}", WRONG_USE)
    windows = {w.code for hall in desk.base.places.values() for w in hall.windows}
    if window and window not in windows:
        fail(f"不认识窗口 {window}；有：{'、'.join(sorted(windows))}", WRONG_USE)
    with transaction(desk.db):
        made = make_code(
            desk.db,
            role=Role(role),
            scope=Scope(canonical, department, window),
            name=name,
            made_by=None,
            now=desk.now(),
        )
    username = desk.settings.telegram.username
    public = desk.settings.web.public_url
    link = f"https://t.me/{username}?start=join-{made.code}" if username else None
    page = f"{public}/join/{made.code}" if public else None
    qr_file = None
    if link or page:
        folder = desk.settings.data_dir / CODES_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{made.code}.png"
        path.write_bytes(qr_png(link or page or ""))
        qr_file = str(path)
    if as_json:
        print_json(
            {
                "code": made.code,
                "role": role,
                "district": canonical,
                "department": department,
                "window": window,
                "name": name,
                "expires_at": made.expires_at.isoformat(),
                "link": link,
                "page": page,
                "qr_file": qr_file,
            }
        )
        return
    click.echo(f"绑定码 {made.code}（7 天内用一次）。在对话里发：绑定 {made.code}")
    for line in (link, page):
        if line:
            click.echo(f"或打开：{line}")
