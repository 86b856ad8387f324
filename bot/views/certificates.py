"""证照: what a holder is told and may answer, and the register as a department sees it.

A level is always a word and a number beside its colour. On a discreet channel a certificate is
kind, last four digits and days; who holds it is on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.dialogue import Button, Document, Picture, Reply, Scope, Table
from bot.reports.certificates import Register, Shown
from bot.reports.percentages import Rate
from bot.settings import Palette
from bot.views.due_days import PROVISIONAL
from bot.views.places import scope_words
from bot.views.text import Lines, end_sentence, format_full_day, format_moment
from knowledge.model import Confidence, KnowledgeBase
from reminders.certificate_figures import LevelCounts, Telling
from reminders.certificate_holders import Answer, OptInCode, Outcome, number_tail
from reminders.certificate_rules import AfterClosing, Level, RenewalPeriod, Standing
from reminders.certificate_sweep import Sent
from reminders.certificates import CertificateState

MENU = Button("菜单", "menu")
MINE = Button("我的证照", "certs")
REGISTER = Button("证照", "register")
SOME_CERTIFICATE = "证照"
HELD = "held"
"""What a button to a certificate ends with that its holder looks at."""
WITH_BUTTONS = 8
IN_DIGEST = 10
KINDS_SHOWN = 30
MANY_ROWS = 10_000
SHEET_PATH = "/certificates/sheet"
LEVEL_WORDS = {
    Level.EARLY: "提前提示",
    Level.NEAR: "预警",
    Level.URGENT: "紧急",
    Level.EXPIRED: "已过期",
}
STATE_WORDS = {
    CertificateState.VALID: "有效",
    CertificateState.CANCELLED: "已注销",
    CertificateState.REVOKED: "已吊销",
    CertificateState.WITHDRAWN: "已撤销",
    CertificateState.REPLACED: "已被替换",
}
ANSWER_WORDS = {
    Answer.FILED: "持证人说已提交延续申请",
    Answer.DECLINED: "持证人说暂不续",
    Answer.WRONG: "持证人说信息有误",
}
OUTCOME_WORDS = {Outcome.NOTED: "已知悉", Outcome.CALLED: "已打电话", Outcome.VISITED: "已上门"}
WEEKLY = "证照每周汇总"
ASK_AT_WINDOW = "材料以窗口答复为准。"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and where: `discreet` channels get no names; `page` is the page's address."""

    palette: Palette
    discreet: bool = False
    page: str | None = None


# -- the same words everywhere


def level_words(palette: Palette, level: Level) -> str:
    """Return a level as its colour and its word, never the colour alone."""
    colour = str(getattr(palette, level.value))
    return (
        f"{colour}·{LEVEL_WORDS[level]}" if colour.isalpha() else f"{colour} {LEVEL_WORDS[level]}"
    )


def event_words(event: str) -> str:
    """Return what is told at an event."""
    name, _, days = event.partition("_")
    if name == "days":
        return "今天到期" if days == "0" else f"剩 {days} 天"
    if name == "filing":
        return "最晚申请日" if days == "0" else f"最晚申请日前 {days} 天"
    return f"进入{LEVEL_WORDS[Level(event)]}"


def _day(day: date, today: date) -> str:
    return f"{day.month}月{day.day}日" if day.year == today.year else format_full_day(day)


def _title(shown: Shown) -> str:
    return f"{shown.name}（尾号 {number_tail(shown.certificate.number)}）"


def _days_left(stands: Standing) -> str:
    if stands.days_left < 0:
        return f"已过期 {-stands.days_left} 天"
    return "今天到期" if stands.days_left == 0 else f"还有 {stands.days_left} 天"


def standing_line(shown: Shown, palette: Palette) -> str:
    """Return level, last valid day and days in one line; no colour while it is not near."""
    stands, certificate = shown.standing, shown.certificate
    if stands is None or certificate.expires_on is None:
        return "长期有效，不用延续。"
    level = f"{level_words(palette, stands.level)}，" if stands.level else ""
    ends = f"有效期至 {format_full_day(certificate.expires_on)}，{_days_left(stands)}。"
    return f"{level}{ends}"


def renewal_line(shown: Shown) -> str | None:
    """Return what to do by when: the last day to apply, or what follows once it is past."""
    stands = shown.standing
    if stands is None or stands.renewal is RenewalPeriod.UNKNOWN:
        return None
    if stands.renewal in (RenewalPeriod.CLOSED, RenewalPeriod.EXPIRED):
        return _closed_line(shown, stands)
    last = _last_day(shown, stands)
    if stands.renewal is RenewalPeriod.NOT_OPEN and stands.opens_on is not None:
        return f"自 {_day(stands.opens_on, shown.today)} 起可申请，{last}"
    return last


def _last_day(shown: Shown, stands: Standing) -> str:
    assert stands.announced_on is not None
    assert stands.filing_on is not None
    reserve = PROVISIONAL if stands.provisional else ""
    left = (stands.announced_on - shown.today).days
    if left < 0:
        # The windows are closed until the last day itself, which is a rest day.
        last = f"最晚 {_day(stands.filing_on, shown.today)} 申请延续"
        return f"{last}，窗口休息，请今天就网上申请或打电话问发证机关{reserve}。"
    left_words = "就是今天" if left == 0 else f"还剩 {left} 天"
    return f"最晚 {_day(stands.announced_on, shown.today)} 申请延续，{left_words}{reserve}。"


def _past(shown: Shown, stands: Standing) -> str:
    """Say that the last day to apply is past; only where the rule is certain."""
    sure = shown.kind is not None and shown.kind.confidence is Confidence.HIGH
    if not sure or stands.filing_on is None or stands.renewal is RenewalPeriod.EXPIRED:
        return ""
    return f"最晚申请日 {_day(stands.filing_on, shown.today)} 已过"


def _closed_line(shown: Shown, stands: Standing) -> str:
    issuer = _issuer(shown)
    sure = shown.kind is not None and shown.kind.confidence is Confidence.HIGH
    expired = stands.renewal is RenewalPeriod.EXPIRED
    own = shown.kind.after_closing_text if shown.kind and sure else None
    past = _past(shown, stands)
    past = f"{past}，" if past else ""
    if stands.follows is AfterClosing.LATE_ALLOWED:
        late = own or f"还可以补办，请尽快联系{issuer}"
        return end_sentence(f"{past}还没申请的请马上申请：{late}" if past else late)
    if stands.follows is AfterClosing.NEW_APPLICATION:
        begun = "已过期，走新办" if expired else "已过延续期，走新办"
        return end_sentence(f"{begun}；{own}" if own else f"{begun}，以{issuer}答复为准")
    return f"{past}请尽快联系{issuer}，问清还能不能延续。"


def _issuer(shown: Shown) -> str:
    named = shown.certificate.issuer or (shown.kind.issuer if shown.kind else None)
    return named or "发证机关"


def department_line(shown: Shown) -> str | None:
    """Return by when the holder must have applied, as who issues the certificate reads it."""
    stands = shown.standing
    if stands is None or stands.renewal is RenewalPeriod.UNKNOWN:
        return None
    if stands.renewal is RenewalPeriod.EXPIRED:
        return "请催续、重办或注销。"
    if stands.renewal is not RenewalPeriod.CLOSED or stands.filing_on is None:
        return renewal_line(shown)
    past = _past(shown, stands)
    past = f"{past}，" if past else ""
    match stands.follows:
        case AfterClosing.LATE_ALLOWED:
            return f"{past}还可以补办，请催持证人马上申请。"
        case AfterClosing.NEW_APPLICATION:
            return f"{past}请告诉持证人走新办。"
    return f"{past}请联系持证人，说清还能不能延续。"


def _how_lines(shown: Shown) -> list[str]:
    """Return how and where: the kind's own words, never the list of a first application."""
    lines = []
    open_ = shown.standing is not None and shown.standing.renewal in (
        RenewalPeriod.OPEN,
        RenewalPeriod.NOT_OPEN,
    )
    if open_ and shown.kind is not None and shown.kind.renewal_text:
        lines.append(end_sentence(shown.kind.renewal_text))
    lines.append(f"到哪办：{_issuer(shown)}。电话可打 12345 问。")
    if not shown.renewal_entry:
        lines.append(ASK_AT_WINDOW)
    if shown.kind is not None and shown.kind.confidence is not Confidence.HIGH:
        lines.append("日期按一般规定推算，以发证机关答复为准。")
    return lines


# -- holders


def alert_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Tell a holder about one certificate: by when, how, where, and what they may answer."""
    lines = Lines()
    lines.add(f"{_title(shown)}：{standing_line(shown, viewer.palette)}")
    lines.add(renewal_line(shown), *_how_lines(shown))
    return Reply(lines.text, buttons=_answer_buttons(shown))


def _answer_buttons(shown: Shown) -> tuple[tuple[Button, ...], ...]:
    one = shown.certificate.id
    rows: list[tuple[Button, ...]] = []
    if shown.renewal_entry:
        rows.append((Button("延续要带什么", f"pick:{shown.renewal_entry}"),))
    if shown.answer is None:
        rows.append(
            (Button("已提交", f"held:{one}:filed"), Button("暂不续", f"held:{one}:declined"))
        )
        rows.append((Button("信息有误", f"held:{one}:wrong"), Button("退订", f"held:{one}:stop")))
    else:
        rows.append(
            (Button("点错了，照常提醒", f"held:{one}:undo"), Button("退订", f"held:{one}:stop"))
        )
    return tuple(rows)


def digest_reply(listed: Sequence[Shown], viewer: Viewer) -> Reply:
    """Tell one chat about many certificates in one message, the most pressing first."""
    lines = Lines()
    lines.add(f"您有 {len(listed)} 张证照要留意，最急的在前：")
    for shown in listed[:IN_DIGEST]:
        lines.add(f"· {_short(shown, viewer.palette)}")
    if len(listed) > IN_DIGEST:
        lines.add(f"另有 {len(listed) - IN_DIGEST} 张，发“我的证照”看。")
    return Reply(lines.text, buttons=(*_look_buttons(listed, f":{HELD}"), (MINE,)))


def _short(shown: Shown, palette: Palette) -> str:
    parts = [f"{_title(shown)}：{standing_line(shown, palette)}", renewal_line(shown) or ""]
    if shown.answer is not None:
        parts.append(f"（{ANSWER_WORDS[shown.answer].replace('持证人', '您')}）")
    return "".join(parts)


def _look_buttons(listed: Sequence[Shown], held: str = "") -> list[tuple[Button, ...]]:
    return [
        (
            Button(
                f"看 {number_tail(s.certificate.number)} {s.name[:12]}",
                f"cert:{s.certificate.id}{held}",
            ),
        )
        for s in listed[:WITH_BUTTONS]
    ]


def mine_reply(listed: Sequence[Shown], viewer: Viewer) -> Reply:
    """Show a holder their certificates with level and days."""
    if not listed:
        return Reply(
            "还没有您订阅提醒的证照。向发证窗口或科室要提醒码或链接；有码就发：绑定 空格 提醒码。",
            buttons=((MENU,),),
        )
    lines = Lines()
    lines.add(f"我的证照 {len(listed)} 张：")
    for shown in listed[: IN_DIGEST * 2]:
        lines.add(f"· {_short(shown, viewer.palette)}")
    if len(listed) > IN_DIGEST * 2:
        lines.add(f"另有 {len(listed) - IN_DIGEST * 2} 张到期更晚，没有列出。")
    return Reply(lines.text, buttons=(*_look_buttons(listed, f":{HELD}"), (MENU,)))


def card_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Show a holder one certificate."""
    state = shown.certificate.state
    if state is not CertificateState.VALID:
        return Reply(f"{_title(shown)}：{STATE_WORDS[state]}，不再提醒。", buttons=((MINE, MENU),))
    reply = alert_reply(shown, viewer)
    lines = [reply.text]
    if shown.answer is not None:
        lines.append(f"{ANSWER_WORDS[shown.answer].replace('持证人', '您')}，提醒已停。")
    return Reply("\n".join(lines), buttons=(*reply.buttons, (MINE, MENU)))


def answered_reply(shown: Shown, answer: Answer) -> Reply:
    """Confirm a holder's answer and what comes of it."""
    match answer:
        case Answer.FILED:
            text = (
                "记下了：您已提交延续申请，不再提醒您。按时提交、发证机关到期前没有决定的，按准予延续算；"
                "受理凭证请收好。科室仍会盯着办。"
            )
        case Answer.DECLINED:
            text = "记下了：暂不续，不再提醒您。到期后这张证就不能再用了；想续还可以点下面。"
        case Answer.WRONG:
            text = "记下了，已转给发证科室核对；改好之前不再提醒您。"
    undo = Button("点错了，照常提醒", f"held:{shown.certificate.id}:undo")
    return Reply(f"{_title(shown)}：{text}", buttons=((undo,), (MINE, MENU)))


def undone_reply(shown: Shown) -> Reply:
    """Confirm that alerts go on."""
    return Reply(f"{_title(shown)}：好，照常提醒。", buttons=((MINE, MENU),))


def stopped_reply(shown: Shown) -> Reply:
    """Confirm that a holder is told no more."""
    again = Button("点错了，重新订阅", f"held:{shown.certificate.id}:again")
    return Reply(
        f"{_title(shown)}：已退订，不再提醒您。到期前请自己记着办延续。",
        buttons=((again,), (MINE, MENU)),
    )


# -- opting in


def ask_tail_reply(kind: str, days: int) -> Reply:
    """Ask for the number's tail, saying what is agreed to by giving it."""
    return Reply(
        f"这是一张{kind}的到期提醒码。发来证照编号的后 4 位，就表示您同意在这里接收它的到期提醒："
        "只存这个对话和证照的对应关系，随时可退订，退订后不再用。"
        f"（{days} 分钟内；不订就点取消）",
        buttons=((Button("取消", "menu"),),),
    )


def opted_in_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Confirm an opt-in with where the certificate stands."""
    lines = Lines()
    lines.add(f"订好了：{_title(shown)}到期前会在这里提醒您。")
    lines.add(standing_line(shown, viewer.palette), renewal_line(shown))
    stop = Button("退订", f"held:{shown.certificate.id}:stop")
    return Reply(lines.text, buttons=((stop, MINE), (MENU,)))


def tail_wrong_reply() -> Reply:
    """Say that code and number do not belong together, without saying which is wrong."""
    return Reply(
        "后 4 位和提醒码对不上。请核对证照编号，再发一次：绑定 空格 提醒码。",
        buttons=((MENU, Button("转人工", "human")),),
    )


def followed_by(reply: Reply, later: Reply) -> Reply:
    """Return a message with another one after it."""
    return replace(reply, then=(*reply.then, later))


def ask_benefit_reply(certificate_id: int) -> Reply:
    """Ask for the separate consent that sensitive personal data need."""
    return Reply(
        "另外单独问您一件事：有的证办下来后，还可以接着申请补贴。要不要我据此提醒您一次？"
        "这要用到这张证的种类，它涉及健康等敏感个人信息，只用来判断有没有可接着办的补贴，"
        "不给别人看，不同意不影响到期提醒。未满 14 周岁的，由监护人来点。",
        buttons=(
            (Button("本人同意", f"benefit:{certificate_id}:self"),),
            (Button("我是监护人，同意", f"benefit:{certificate_id}:guardian"),),
            (Button("不用了", f"benefit:{certificate_id}:no"),),
        ),
    )


def benefit_answered_reply(*, agreed: bool) -> Reply:
    """Confirm what was said to the separate question."""
    text = "好，有可接着办的会告诉您一次。" if agreed else "好，不会因此给您发消息。"
    return Reply(text, buttons=((MINE, MENU),))


def benefit_reply(entry_id: str) -> Reply:
    """Tell once of the next benefit; the first line says nothing about anybody."""
    return Reply(
        "您有一项补贴可申请。\n点下面看要带什么；是否符合条件，以窗口审核为准。",
        buttons=((Button("看要带什么", f"pick:{entry_id}"),), (MENU,)),
    )


# -- departments


def register_reply(
    base: KnowledgeBase,
    register: Register,
    unknown: Mapping[str, Sequence[str]],
    telling: Telling,
    viewer: Viewer,
    *,
    heading: str | None = None,
) -> Reply:
    """Show the register of a scope: levels, who must be called, who filed, what lapsed."""
    names = {kind.id: kind.name for kind in base.certificates.values()}
    lines = Lines()
    lines.heading(heading or "证照到期提醒")
    where = scope_words(base, Scope(register.scope.district, register.department))
    lines.add(f"{where}，{format_full_day(register.on)}")
    lines.add(
        "；".join(
            f"{level_words(viewer.palette, level)} {register.total(level)} 张" for level in Level
        )
    )
    lines.heading("要办的")
    lines.bullets(_to_do(register, telling))
    lines.add(_renewal_rate(register))
    kinds = _by_kind(register.counts)
    if len(kinds) > KINDS_SHOWN:
        lines.add(
            f"下表是最急的 {KINDS_SHOWN} 种，其余 {len(kinds) - KINDS_SHOWN} 种在导出的表里。"
        )
    if unknown:
        lines.heading("规则未登记（只按到期日列出，不发给持证人）")
        lines.bullets(_unknown_rows(register, unknown))
    return Reply(
        lines.text,
        headings=lines.headings,
        table=_level_table(kinds, names, viewer.palette),
        buttons=_register_buttons(viewer),
    )


def _to_do(register: Register, telling: Telling) -> list[str]:
    return [
        _task(f"{register.manual_at} 天内到期、没有消息送到的", register.by_hand, "请打电话或上门"),
        (
            f"{register.urgent_days} 天内到期 {telling.due} 张，已提醒 {telling.told} 张，"
            f"送到 {telling.reached} 张"
        ),
        _task("持证人说已提交、还没决定的", register.filed, "到期前不决定，按准予延续算"),
        _task("近 60 天过期未续的", register.lapsed, "催续、重办或注销"),
    ]


def _task(what: str, count: int, advice: str) -> str:
    """Return a count with what to do about it, where there is something."""
    return f"{what} {count} 张：{advice}" if count else f"{what} 0 张"


def _renewal_rate(register: Register) -> str:
    renewals = register.renewals
    rate = Rate(renewals.on_time, renewals.expiring)
    period = f"{format_full_day(register.renewals_from_on)}至昨天"
    rest = f"，另有 {renewals.late} 张逾期才续" if renewals.late else ""
    undated = f"，{renewals.undated} 张已被替换但不知哪天" if renewals.undated else ""
    parts = f"（按期换发 {renewals.on_time}/到期 {renewals.expiring}{rest}{undated}）"
    return f"按期换发率 {rate.text()}{parts}，{period}到期的"


def _unknown_rows(register: Register, unknown: Mapping[str, Sequence[str]]) -> list[str]:
    rows = []
    for key, nearest in list(unknown.items())[:WITH_BUTTONS]:
        count = sum(
            c.early + c.near + c.urgent + c.expired for c in register.counts if c.kind_key == key
        )
        hint = f"，像是：{'、'.join(nearest)}" if nearest else ""
        rows.append(f"{key.lstrip('?')}：{count} 张{hint}")
    if len(unknown) > WITH_BUTTONS:
        rows.append(f"另有 {len(unknown) - WITH_BUTTONS} 种，导出的表里都有")
    return rows


def _by_kind(counts: Sequence[LevelCounts]) -> list[tuple[str, list[int]]]:
    """Return how many of each kind are at each level, the most urgent kind first."""
    by_kind: dict[str, list[int]] = {}
    for one in counts:
        sums = by_kind.setdefault(one.kind_key, [0, 0, 0, 0])
        for place, level in enumerate(Level):
            sums[place] += one.at(level)
    return sorted(by_kind.items(), key=lambda each: (-each[1][2], -each[1][1], each[0]))


def _level_table(
    kinds: Sequence[tuple[str, Sequence[int]]], names: Mapping[str, str], palette: Palette
) -> Table | None:
    if not kinds:
        return None
    rows = tuple(
        (names.get(key, key.lstrip("?")), *(str(number) for number in sums))
        for key, sums in kinds[:KINDS_SHOWN]
    )
    return Table(("种类", *(level_words(palette, level) for level in Level)), rows)


def _register_buttons(viewer: Viewer) -> tuple[tuple[Button, ...], ...]:
    lists = (
        (
            Button(f"看{LEVEL_WORDS[Level.URGENT]}", "certlist:urgent"),
            Button(f"看{LEVEL_WORDS[Level.NEAR]}", "certlist:near"),
        ),
        (Button("要打电话的", "certlist:byhand"), Button("没送到的", "certlist:unreached")),
        (Button("已提交的", "certlist:filed"), Button("过期未续的", "certlist:lapsed")),
    )
    if viewer.discreet:
        return (*lists, (MENU,))
    return (*lists, (Button("导出表格", "certsheet"), MENU))


LIST_WORDS = {
    "early": LEVEL_WORDS[Level.EARLY],
    "near": LEVEL_WORDS[Level.NEAR],
    "urgent": LEVEL_WORDS[Level.URGENT],
    "expired": LEVEL_WORDS[Level.EXPIRED],
    "byhand": "要打电话或上门的",
    "unreached": "没有消息送到",
    "filed": "持证人说已提交、还没决定",
    "lapsed": "近 60 天过期未续",
}
LIST_ADVICE = {
    "byhand": "打通了再点“已打电话”，点了就不再列在这里。",
    "filed": "到期前不决定，按准予延续算。",
    "lapsed": "催续、重办或注销；换了新证的，请导入新证。",
}
CALLED_FROM = frozenset({"byhand", "unreached"})


def list_reply(
    which: str, count: int, listed: Sequence[Shown], viewer: Viewer, *, days: int | None = None
) -> Reply:
    """List certificates for a department, the most pressing first.

    `days` is within how many days they end, where the list is of such. Who is to be called stands
    with the telephone that its owner agreed to.
    """
    title = f"{f'{days} 天内到期，' if days is not None else ''}{LIST_WORDS[which]}"
    if not listed:
        return Reply(f"{title}：没有（0）。", buttons=((REGISTER, MENU),))
    lines = Lines()
    lines.heading(f"{title}：{count} 张")
    for shown in listed:
        phone = which in CALLED_FROM and not viewer.discreet
        lines.add(f"· {_department_row(shown, viewer)}{_phone(shown) if phone else ''}")
    if count > len(listed):
        whole = "" if viewer.discreet else "，全部在导出的表格里"
        lines.add(f"先列最急的 {len(listed)} 张{whole}。")
    lines.add(LIST_ADVICE.get(which))
    if viewer.discreet:
        where = f"：{viewer.page}" if viewer.page else "。"
        lines.add(f"持证人和电话请在网页上看{where}")
    looks = _look_buttons(listed) if viewer.discreet else _holder_buttons(listed)
    return Reply(lines.text, headings=lines.headings, buttons=(*looks, (REGISTER, MENU)))


def _phone(shown: Shown) -> str:
    return f"电话 {shown.contact}。" if shown.contact else "没有留电话。"


def _holder_buttons(listed: Sequence[Shown]) -> list[tuple[Button, ...]]:
    """Return buttons by holder, as a department knows its certificates."""
    return [
        (
            Button(
                f"看 {number_tail(s.certificate.number)} {s.certificate.holder[:12]}",
                f"cert:{s.certificate.id}",
            ),
        )
        for s in listed[:WITH_BUTTONS]
    ]


def _department_row(shown: Shown, viewer: Viewer) -> str:
    where = shown.certificate.district or "市直"
    who = where if viewer.discreet else f"{shown.certificate.holder}，{where}"
    parts = [f"{_title(shown)} {who}：{standing_line(shown, viewer.palette)}"]
    parts.append(department_line(shown) or "")
    if shown.answer is not None:
        parts.append(f"（{ANSWER_WORDS[shown.answer]}）")
    if shown.acknowledged is not None:
        on = shown.acknowledged.on
        parts.append(f"（{OUTCOME_WORDS[shown.acknowledged.outcome]} {on.month}月{on.day}日）")
    return "".join(parts)


def department_card_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Show a department one certificate with what it may do about it."""
    certificate = shown.certificate
    lines = Lines()
    lines.add(_title(shown))
    if not viewer.discreet:
        lines.add(f"编号 {certificate.number}，持证人 {certificate.holder}")
        lines.add(f"电话 {shown.contact}（本人同意）" if shown.contact else "没有留电话")
    lines.add(f"{certificate.district or '市直'}，{STATE_WORDS[certificate.state]}")
    lines.add(standing_line(shown, viewer.palette), department_line(shown))
    if certificate.renewed_by_id is not None:
        lines.add("已有新证，旧证不再提醒。")
    if shown.answer is not None:
        lines.add(f"{ANSWER_WORDS[shown.answer]}。")
    if shown.acknowledged is not None:
        on = shown.acknowledged.on
        lines.add(f"科室：{OUTCOME_WORDS[shown.acknowledged.outcome]}，{on.month}月{on.day}日。")
    one = certificate.id
    did = tuple(Button(OUTCOME_WORDS[o], f"certack:{one}:{o.value}") for o in Outcome)
    code = Button("给持证人发提醒码", f"certcode:{one}")
    return Reply(lines.text, buttons=(did, (code,), (REGISTER, MENU)))


def acknowledged_reply(shown: Shown, outcome: Outcome) -> Reply:
    """Confirm what a department did."""
    return Reply(
        f"{_title(shown)}：记下了，{OUTCOME_WORDS[outcome]}。",
        buttons=((Button("接着打电话", "certlist:byhand"),), (REGISTER, MENU)),
    )


def code_reply(
    shown: Shown, code: OptInCode, links: Sequence[str], qr: bytes | None, *, kind: str
) -> Reply:
    """Hand over a code by which the holder opts in, and words that may be passed on to them.

    The number's tail is not among those words: who has the message alone must not be able to opt
    in. `kind` is what may be said of the certificate.
    """
    lines = Lines()
    lines.add(
        f"提醒码 {code.code}（{_title(shown)}，{format_moment(code.expires_at)}前有效，用一次）"
    )
    lines.heading("下面这段可以转给持证人")
    lines.add(f"您的{kind}可以订到期提醒：在对话里发“绑定 {code.code}”，再发证照编号后 4 位。")
    lines.add(*(f"也可以直接打开：{link}" for link in links))
    picture = Picture(qr, "订到期提醒的二维码") if qr else None
    return Reply(lines.text, headings=lines.headings, picture=picture, buttons=((REGISTER, MENU),))


def by_hand_reply(count: int, days: int) -> Reply:
    """Tell a department how many must be called or visited now."""
    return Reply(
        f"{count} 张证照 {days} 天内到期，没有消息送到持证人：请打电话或上门。",
        buttons=((Button("看名单", "certlist:byhand"), REGISTER),),
    )


def wrong_told_reply(shown: Shown) -> Reply:
    """Tell a department that a holder says its record is wrong."""
    look = Button("看这张证", f"cert:{shown.certificate.id}")
    return Reply(
        f"持证人说信息有误：{_title(shown)}，请核对后重新导入。", buttons=((look, REGISTER),)
    )


def wrong_somewhere_reply() -> Reply:
    """Tell a department that a record is wrong, without saying of what kind."""
    return Reply("有持证人说信息有误，请在网页上发“证照”看。", buttons=((MENU,),))


def sheet_link_reply(count: int, on: date) -> Reply:
    """Say how many rows the sheet has, and where it is."""
    if count == 0:
        return Reply(f"{format_full_day(on)}没有到级的证照（0 行）。", buttons=((REGISTER, MENU),))
    wait = "，行数多，请等一会儿" if count > MANY_ROWS else ""
    return Reply(
        f"证照名单共 {count} 行，{format_full_day(on)}，最急的在前{wait}。"
        "含持证人信息，请按规定保管；导出会记下是谁、哪天。",
        buttons=((Button("下载表格", url=SHEET_PATH),), (REGISTER, MENU)),
    )


def sheet_name(on: date) -> str:
    """Return the sheet's file name."""
    return f"证照到期-{on.isoformat()}.xlsx"


def sheet_reply(content: bytes, count: int, on: date) -> Reply:
    """Hand over the register as a sheet."""
    return Reply(
        f"证照名单共 {count} 行，{format_full_day(on)}，最急的在前。"
        "含持证人信息，请按规定保管；导出会记下是谁、哪天。",
        document=Document(sheet_name(on), content),
        buttons=((REGISTER, MENU),),
    )


SHEET_HEADER = (
    "等级",
    "种类",
    "证照编号",
    "持证人",
    "区县",
    "发证机关",
    "有效期至",
    "剩余天数",
    "最晚申请日",
    "持证人答复",
    "科室处理",
    "规则",
)


def sheet_row(shown: Shown, palette: Palette) -> tuple[str | int, ...]:
    """Return one certificate as a row of the sheet."""
    certificate, stands = shown.certificate, shown.standing
    return (
        level_words(palette, stands.level) if stands and stands.level else "",
        shown.name,
        certificate.number,
        certificate.holder,
        certificate.district or "市直",
        _issuer(shown),
        certificate.expires_on.isoformat() if certificate.expires_on else "长期",
        stands.days_left if stands else "",
        stands.announced_on.isoformat() if stands and stands.announced_on else "",
        ANSWER_WORDS[shown.answer] if shown.answer else "",
        OUTCOME_WORDS[shown.acknowledged.outcome] if shown.acknowledged else "",
        "" if shown.kind else "规则未登记",
    )


# -- the administrator


def checked_reply(on: date, checked: int, due: int, sent: Sent, since_at: datetime | None) -> Reply:
    """Return the daily self-check in one line, with when it last ran if days were left out."""
    waiting = f"，{sent.waiting} 条还在发" if sent.waiting else ""
    gap = f"上次检查是 {format_moment(since_at)}，中间停过。" if since_at else ""
    return Reply(
        f"证照自检（{format_full_day(on)}）：查 {checked} 张，到点 {due} 项，"
        f"已发 {sent.sent} 条，失败 {sent.failed} 条{waiting}。{gap}"
    )


def silent_reply(last_at: datetime | None, at: datetime) -> Reply:
    """Say that the day's sweep stayed away."""
    last = f"上次跑完是 {format_moment(last_at)}" if last_at else "还没有跑完过一次"
    return Reply(
        f"证照每日检查到 {format_moment(at)} 还没跑完，{last}。"
        "请看程序日志，或手工跑：python -m bot sweep certificates"
    )
