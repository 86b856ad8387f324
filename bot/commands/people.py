"""people: binding codes for staff, who they are, and taking a role away."""

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.options import (
    WRONG_USE,
    Context,
    common_options,
    fail,
    named_department,
    named_district,
    noted,
)
from bot.commands.output import print_json, print_table
from bot.commands.qr_sheet import Card, qr_sheet
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import CITY, STAFF, Channel, Person, Role, Scope, Table
from bot.importing.certificates import registered_number
from bot.importing.values import BadValue
from bot.qr import qr_png
from bot.records.audit import Deed
from bot.records.people import (
    Account,
    BindingCode,
    accounts,
    make_code,
    people_by_id,
    people_named,
    take_role_away,
)
from bot.records.roster import Member, member_by_number, members, unlink_person
from bot.views.places import scope_words
from bot.views.refusals import ROLE_NAMES
from reminders.certificate_holders import make_opt_in_code, number_tail
from reminders.certificates import certificates_by_number

CODES_FOLDER = "codes"
CHANNEL_NAMES = {Channel.TELEGRAM: "Telegram", Channel.WEB: "网页", Channel.TERMINAL: "终端"}
SHEET_NOTE = "剪开发给本人：在对话里发卡上的“绑定 …”，或扫码。7 天内有效，只能用一次，别转给别人。"


@click.group()
@common_options
def people(settings: Context) -> None:
    """工作人员：发绑定码、名单、收回身份。"""
    del settings


@people.command()
@click.option("--role", type=click.Choice(sorted(role.value for role in STAFF)), help="角色")
@click.option("--certificate", help="证照编号：给持证人发到期提醒码，不用 --role")
@click.option("--district", help="区县，任何常用叫法；督查人员不填就是全市")
@click.option("--department", help="部门编号或任何常用叫法，见 departments.yaml")
@click.option("--window", help="窗口编号，见 places.yaml")
@click.option("--name", help="给谁")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def code(
    settings: Context,
    role: str | None,
    certificate: str | None,
    district: str | None,
    department: str | None,
    window: str | None,
    name: str | None,
    as_json: bool,
) -> None:
    """发一个一次性绑定码；或给持证人发到期提醒码。

    \b
    例：
      python -m bot people code --role supervisor --district 兰考
      python -m bot people code --certificate JY14102000001
    """
    desk = settings.desk()
    if (role is None) == (certificate is None):
        fail("--role（给工作人员）和 --certificate（给持证人）要填一个、只填一个。", WRONG_USE)
    if certificate is not None:
        _code_for_holder(desk, certificate, as_json=as_json)
        return
    assert role is not None
    canonical = named_district(desk, district)
    department = named_department(desk.base, department) if department else None
    windows = {w.code for hall in desk.base.places.values() for w in hall.windows}
    if window and window not in windows:
        fail(f"不认识窗口 {window}；有：{'、'.join(sorted(windows))}", WRONG_USE)
    noted(desk, Deed.CHANGED, f"code:{role}")
    with transaction(desk.db):
        made = make_code(
            desk.db,
            role=Role(role),
            scope=Scope(canonical, department, window),
            name=name,
            made_by=None,
            now=desk.now(),
        )
    link, page, qr_file = _links(desk, made.code)
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


@people.command()
@click.option("--unit", help="花名册上的单位；不写就是所有单位")
@click.option("--all", "everybody", is_flag=True, help="已绑定的也发；缺省只发还没绑定的")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def codes(
    settings: Context, unit: str | None, everybody: bool, file: Path | None, as_json: bool
) -> None:
    """按单位给花名册上的人各发一个绑定码，写成一张可打印的表。

    \b
    例：python -m bot people codes --unit 龙亭区政务服务大厅
    """
    desk = settings.desk()
    known = members(desk.db, CITY)
    of_unit = [m for m in known if unit is None or unit in (m.unit, m.scope.district)]
    if not of_unit:
        units = "、".join(sorted({m.unit for m in known if m.unit})) or "花名册是空的，先导入人员表"
        fail(f"花名册上没有单位 {unit or ''}；有：{units}", WRONG_USE)
    chosen = [m for m in of_unit if everybody or m.person_id is None]
    noted(desk, Deed.CHANGED, f"codes:{len(chosen)}")
    with transaction(desk.db):
        made = [(m, _code_of(desk, m)) for m in chosen]
    path = file or desk.settings.data_dir / CODES_FOLDER / f"绑定码-{unit or '全部'}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    cards = [_card(desk, m, code) for m, code in made]
    path.write_text(qr_sheet(f"绑定码 {unit or ''}", cards, SHEET_NOTE), encoding="utf-8")
    if as_json:
        rows = [
            {
                "number": m.number,
                "name": m.name,
                "unit": m.unit,
                "role": m.role,
                "district": m.scope.district,
                "department": m.scope.department,
                "window": m.scope.window,
                "code": code.code,
                "expires_at": code.expires_at.isoformat(),
            }
            for m, code in made
        ]
        print_json({"unit": unit, "file": str(path), "codes": rows})
        return
    skipped = len(of_unit) - len(chosen)
    click.echo(f"{len(made)} 个绑定码写在 {path}，用浏览器打开打印，剪开发给本人。")
    if skipped:
        click.echo(f"已绑定的 {skipped} 人没有发；要重发加 --all。")


def _code_of(desk: Desk, member: Member) -> BindingCode:
    return make_code(
        desk.db,
        role=member.role,
        scope=member.scope,
        name=member.name,
        made_by=None,
        now=desk.now(),
        staff_number=member.number,
    )


def _card(desk: Desk, member: Member, code: BindingCode) -> Card:
    link, page = _addresses(desk, code.code)
    address = page or link
    return Card(
        f"{member.name}（{member.number}）",
        qr_png(address) if address else None,
        (
            f"绑定 {code.code}",
            f"{ROLE_NAMES[member.role]}，{scope_words(desk.base, member.scope)}",
            f"{code.expires_at:%Y-%m-%d}前有效，只能用一次",
        ),
    )


def _addresses(desk: Desk, code: str) -> tuple[str | None, str | None]:
    """Return the code's deep link and its page, where they are known."""
    username, public = desk.settings.telegram.username, desk.settings.web.public_url
    link = f"https://t.me/{username}?start=join-{code}" if username else None
    return link, f"{public}/join/{code}" if public else None


def _links(desk: Desk, code: str) -> tuple[str | None, str | None, str | None]:
    """Return the code's deep link, its page, and the file of their QR code."""
    link, page = _addresses(desk, code)
    if not (link or page):
        return link, page, None
    folder = desk.settings.data_dir / CODES_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{code}.png"
    path.write_bytes(qr_png(link or page or ""))
    return link, page, str(path)


@people.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def list_(settings: Context, as_json: bool) -> None:
    """列出现在有工作人员身份的人：编号、工号、姓名、身份、范围、从哪里进来。

    \b
    例：python -m bot people list
    """
    desk = settings.desk()
    numbers = {m.person_id: m.number for m in members(desk.db, CITY) if m.person_id is not None}
    known = accounts(desk.db)
    if as_json:
        print_json([_account_json(one, numbers.get(one.person.id)) for one in known])
        return
    rows = tuple(
        (
            str(one.person.id),
            numbers.get(one.person.id) or "",
            one.person.name or "",
            ROLE_NAMES[one.person.role],
            scope_words(desk.base, one.person.scope),
            "、".join(CHANNEL_NAMES[channel] for channel in one.channels) or "没有",
            f"{one.bound_at:%Y-%m-%d}" if one.bound_at else "",
        )
        for one in known
    )
    print_table(Table(("编号", "工号", "姓名", "身份", "范围", "从哪里进来", "绑定于"), rows))


def _account_json(one: Account, number: str | None) -> dict[str, object]:
    scope = one.person.scope
    return {
        "id": one.person.id,
        "number": number,
        "name": one.person.name,
        "role": one.person.role,
        "district": scope.district,
        "department": scope.department,
        "window": scope.window,
        "channels": list(one.channels),
        "bound_at": one.bound_at.isoformat() if one.bound_at else None,
    }


@people.command()
@click.argument("who")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@common_options
def revoke(settings: Context, who: str, as_json: bool) -> None:
    """收回一个人的工作人员身份：写编号、工号或姓名；网页登录和没用的绑定码一起作废。

    \b
    例：python -m bot people revoke 张三
    """
    desk = settings.desk()
    found = _meant(desk, who.strip())
    if not found:
        fail(f"没有叫“{who}”的工作人员；发 python -m bot people list 看有哪些。", WRONG_USE)
    if len(found) > 1:
        which = "、".join(f"{p.id}（{scope_words(desk.base, p.scope)}）" for p in found)
        fail(f"“{who}”有几个人，请写编号：{which}", WRONG_USE)
    (person,) = found
    with transaction(desk.db):
        take_role_away(desk.db, person, now=desk.now())
        unlink_person(desk.db, person.id)
    noted(desk, Deed.CHANGED, f"revoke:{person.id}")
    if as_json:
        print_json({"id": person.id, "name": person.name, "role": person.role})
        return
    click.echo(f"已收回 {person.name or person.id} 的{ROLE_NAMES[person.role]}身份。")


def _meant(desk: Desk, who: str) -> tuple[Person, ...]:
    """Return the staff somebody means by an id of ours, a 工号, or a name."""
    member = member_by_number(desk.db, who)
    if member is not None and member.person_id is not None:
        ids = {member.person_id}
    else:
        ids = {p.id for p in people_named(desk.db, who)}
        ids |= {int(who)} if not ids and who.isdecimal() and len(who) < 16 else set()
    return tuple(p for p in people_by_id(desk.db, ids) if p.is_staff)


def _code_for_holder(desk: Desk, number: str, *, as_json: bool) -> None:
    """Make a code by which a holder opts in to be told before a certificate ends."""
    try:
        kept = registered_number(desk, number)
    except BadValue as bad:
        fail(f"证照编号{bad.problem}", WRONG_USE)
    found = certificates_by_number(desk.db, kept)
    # What is kept as a hash is not shown either as it was typed.
    number = kept if kept == number.strip() else f"尾号 {number_tail(kept)}"
    if not found:
        fail(f"没有编号是 {number} 的证照；请核对，或先导入（import certificates）。", WRONG_USE)
    if len(found) > 1:
        kinds = "、".join(certificate.kind for certificate in found)
        fail(f"编号 {number} 有几种证照：{kinds}；请在对话里发“证照”找到那一张再发码。", WRONG_USE)
    (certificate,) = found
    noted(desk, Deed.CHANGED, f"certcode:{certificate.id}")
    with transaction(desk.db):
        made = make_opt_in_code(desk.db, certificate, made_by=None, now=desk.now())
    link, page, qr_file = _links(desk, made.code)
    if as_json:
        print_json(
            {
                "code": made.code,
                "certificate": certificate.number,
                "kind": certificate.kind,
                "expires_at": made.expires_at.isoformat(),
                "link": link,
                "page": page,
                "qr_file": qr_file,
            }
        )
        return
    click.echo(
        f"提醒码 {made.code}（30 天内用一次）。让持证人发：绑定 {made.code}，再发编号后 4 位"
    )
    for line in (link, page):
        if line:
            click.echo(f"或打开：{line}")
