"""证照: what a holder is told and may answer, and the register as a department sees it.

A level is always a word and a number beside its colour. On a discreet channel a certificate is
kind, last four digits and days; who holds it is on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.dialogue import Button, Document, Reply, Scope, Table
from bot.reports.certificates import PAGE, Listed, OpenedList, Register, Shown, Silence
from bot.reports.percentages import Rate
from bot.settings import Palette
from bot.views.answer import token
from bot.views.due_days import PROVISIONAL
from bot.views.places import scope_words
from bot.views.text import Lines, end_sentence, format_full_day, format_moment
from knowledge.model import CertificateKind, Confidence, KnowledgeBase
from reminders.certificate_figures import LevelCounts, Telling
from reminders.certificate_holders import Answer, Outcome, Reached, number_tail
from reminders.certificate_rules import AfterClosing, Filing, Level, RenewalPeriod, Standing
from reminders.certificate_sweep import Sent
from reminders.certificates import CertificateState

MENU = Button("菜单", "menu")
MINE = Button("我的证照", "certs")
REGISTER = Button("证照", "register")
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
FILED_LATE_WORDS = "持证人说已提交延续申请，是逾期提交"
OUTCOME_WORDS = {Outcome.NOTED: "已知悉", Outcome.CALLED: "已打电话", Outcome.VISITED: "已上门"}
REACHED_WORDS = {Reached.SENT: "已送到", Reached.FAILED: "没送到", Reached.WAITING: "还在发"}
WEEKLY = "证照每周汇总"
NO_RULE = "规则未登记：只按到期日列给部门，不发给持证人。"
ENDS_FOR_GOOD = "到期就失效，再办要重新申请。"
LAPSED_FOR_GOOD = "已经失效，再办要重新申请。"
ASK_AT_WINDOW = "材料以窗口答复为准。"
SEPARATE_CONSENT = (
    "这种证涉及健康等敏感个人信息，发来后 4 位，就是单独同意把它用于提醒；只在网页上提醒，"
    "未满 14 周岁的，由监护人来发。"
)


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


def title(shown: Shown) -> str:
    """Return the kind's name with the number's last four."""
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


def _answer_words(shown: Shown) -> str:
    assert shown.answer is not None
    late = shown.filing is Filing.LATE
    return FILED_LATE_WORDS if late else ANSWER_WORDS[shown.answer]


def renewal_line(shown: Shown) -> str | None:
    """Return what to do by when: the last day to apply, or what follows once it is past.

    Who applied in time has nothing more to do: undecided at the end, it counts as granted.
    """
    stands = shown.standing
    if stands is None or stands.renewal is RenewalPeriod.UNKNOWN:
        return None
    if shown.silence in (Silence.NOT_VALID, Silence.RENEWED):
        return None
    if stands.renewal is RenewalPeriod.NEVER:
        return LAPSED_FOR_GOOD if stands.days_left < 0 else ENDS_FOR_GOOD
    if shown.filing is Filing.IN_TIME:
        if stands.renewal is RenewalPeriod.EXPIRED:
            return f"到期前已按时提交、没有决定的，按准予延续算，以{_issuer(shown)}答复为准。"
        return f"已按时提交延续申请，等{_issuer(shown)}决定。"
    if stands.renewal in (RenewalPeriod.CLOSED, RenewalPeriod.EXPIRED):
        return _closed_line(shown, stands)
    if shown.kind is not None and shown.kind.confidence is Confidence.LOW:
        return f"最晚哪天申请延续没有查实，请早点问{_issuer(shown)}。"
    last = _last_day(shown, stands)
    if stands.renewal is RenewalPeriod.NOT_OPEN and stands.opens_on is not None:
        return f"自 {_day(stands.opens_on, shown.today)} 起可申请，{last}"
    return last


def silence_line(shown: Shown) -> str | None:
    """Say that nobody will tell of this certificate's end, where that is so."""
    match shown.silence:
        case Silence.NOT_VALID:
            return f"{STATE_WORDS[shown.certificate.state]}，不再提醒。"
        case Silence.RENEWED:
            return "已有新证，旧证不再提醒。"
        case Silence.PERMANENT:
            return "长期有效，到期提醒用不上。"
        case Silence.LAPSED:
            return "已经过期，不再提前提醒；办了新证会接着提醒。"
        case Silence.KIND:
            assert shown.certificate.expires_on is not None
            ends = format_full_day(shown.certificate.expires_on)
            return f"这种证暂不自动提醒，到期日请自己记着：{ends}。"
    return None


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
    own = shown.kind.after_closing_text if shown.kind and sure else None
    past = _past(shown, stands)
    past = f"{past}，" if past else ""
    if stands.follows is AfterClosing.LATE_ALLOWED:
        late = own or f"还可以补办，请尽快联系{issuer}"
        return end_sentence(f"{past}还没申请的请马上申请：{late}" if past else late)
    if stands.follows is AfterClosing.NEW_APPLICATION:
        begun = "已过延续期，走新办"
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
    if shown.silence in (Silence.NOT_VALID, Silence.RENEWED):
        return None
    if stands.renewal is RenewalPeriod.NEVER:
        return renewal_line(shown)
    if shown.filing is not None:
        return _decision_line(shown.filing, stands)
    if stands.renewal is RenewalPeriod.EXPIRED:
        return "请催续、重办或注销。"
    if shown.kind is not None and shown.kind.confidence is Confidence.LOW:
        return "最晚申请日没有查实。"
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


def _decision_line(filing: Filing, stands: Standing) -> str:
    """Say what an application that waits asks of who decides it."""
    if filing is Filing.LATE:
        return "不按准予延续算，请尽快决定。"
    if stands.renewal is RenewalPeriod.EXPIRED:
        return "到期没决定，按准予延续算，请办结。"
    return "请在到期前决定，不决定按准予延续算。"


def _how_lines(shown: Shown) -> list[str]:
    """Return how and where: the kind's own words, never the list of a first application."""
    lines = []
    open_ = shown.standing is not None and shown.standing.renewal in (
        RenewalPeriod.OPEN,
        RenewalPeriod.NOT_OPEN,
        RenewalPeriod.NEVER,
    )
    if open_ and shown.kind is not None and shown.kind.renewal_text:
        lines.append(end_sentence(shown.kind.renewal_text))
    lines.append(f"到哪办：{_issuer(shown)}。电话可打 12345 问。")
    if shown.renewal is None:
        lines.append(ASK_AT_WINDOW)
    if shown.kind is not None and shown.kind.confidence is not Confidence.HIGH:
        lines.append("日期按一般规定推算，以发证机关答复为准。")
    return lines


# -- holders


def alert_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Tell a holder about one certificate: by when, how, where, and what they may answer."""
    lines = Lines()
    lines.add(f"{title(shown)}：{standing_line(shown, viewer.palette)}")
    if shown.silence is not Silence.PERMANENT:
        lines.add(renewal_line(shown), *_how_lines(shown))
    if shown.silence is Silence.KIND:
        lines.add(silence_line(shown))
    return Reply(lines.text, buttons=_answer_buttons(shown))


def _answer_buttons(shown: Shown) -> tuple[tuple[Button, ...], ...]:
    one = shown.certificate.id
    rows: list[tuple[Button, ...]] = []
    if shown.renewal is not None:
        rows.append((Button("延续要带什么", _list_token(shown.renewal)),))
    if shown.silence is Silence.PERMANENT:
        return ((Button("退订", f"held:{one}:stop"),),)
    ends_for_good = shown.standing and shown.standing.renewal is RenewalPeriod.NEVER
    if ends_for_good and shown.answer is None:
        rows.append((Button("信息有误", f"held:{one}:wrong"), Button("退订", f"held:{one}:stop")))
    elif shown.answer is None:
        rows.append(
            (Button("已提交", f"held:{one}:filed"), Button("暂不续", f"held:{one}:declined"))
        )
        rows.append((Button("信息有误", f"held:{one}:wrong"), Button("退订", f"held:{one}:stop")))
    else:
        rows.append(
            (Button("点错了，照常提醒", f"held:{one}:undo"), Button("退订", f"held:{one}:stop"))
        )
    return tuple(rows)


def _list_token(opened: OpenedList) -> str:
    return token("list", opened.entry, opened.answers)


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
    if shown.silence in (Silence.NOT_VALID, Silence.RENEWED):
        return f"{title(shown)}：{silence_line(shown)}"
    parts = [f"{title(shown)}：{standing_line(shown, palette)}", renewal_line(shown) or ""]
    if shown.silence is Silence.KIND:
        parts.append("这种证暂不自动提醒。")
    if shown.answer is not None:
        parts.append(f"（{_answer_words(shown).replace('持证人', '您')}）")
    return "".join(parts)


def _look_buttons(listed: Sequence[Shown], held: str = "") -> list[tuple[Button, ...]]:
    return [
        (
            Button(
                f"看 {_short_name(s)}",
                f"cert:{s.certificate.id}{held}",
            ),
        )
        for s in listed[:WITH_BUTTONS]
    ]


def mine_reply(listed: Listed, viewer: Viewer) -> Reply:
    """Show a holder one page of their certificates with level and days."""
    if not listed.count:
        return Reply(
            "还没有您订阅提醒的证照。向发证窗口或科室要提醒码或链接；有码就发：绑定 空格 提醒码。",
            buttons=((MENU,),),
        )
    lines = Lines()
    lines.add(f"我的证照 {listed.count} 张{_page_words(listed)}：")
    for shown in listed.certificates:
        lines.add(f"· {_short(shown, viewer.palette)}")
    looks = _look_buttons(listed.certificates, f":{HELD}")
    turns = _turns("certs", listed)
    return Reply(lines.text, buttons=(*looks, *turns, (MENU,)), replaces=listed.page > 0)


def _pages(listed: Listed) -> int:
    return max(1, -(-listed.count // PAGE))


def _page_words(listed: Listed) -> str:
    pages = _pages(listed)
    return f"（第 {listed.page + 1} 页，共 {pages} 页）" if pages > 1 else ""


def _turns(verb: str, listed: Listed) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons to the pages before and after."""
    turns = []
    if listed.page > 0:
        turns.append(Button("上一页", f"{verb}:{listed.page - 1}"))
    if listed.page < _pages(listed) - 1:
        turns.append(Button("下一页", f"{verb}:{listed.page + 1}"))
    return (tuple(turns),) if turns else ()


def card_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Show a holder one certificate."""
    if shown.silence in (Silence.NOT_VALID, Silence.RENEWED):
        return Reply(f"{title(shown)}：{silence_line(shown)}", buttons=((MINE, MENU),))
    reply = alert_reply(shown, viewer)
    lines = [reply.text]
    if shown.answer is not None:
        lines.append(f"{_answer_words(shown).replace('持证人', '您')}，提醒已停。")
    return Reply("\n".join(lines), buttons=(*reply.buttons, (MINE, MENU)))


def answered_reply(shown: Shown, answer: Answer) -> Reply:
    """Confirm a holder's answer and what comes of it."""
    told_never = shown.silence is Silence.KIND
    quiet = "" if told_never else "，不再提醒您"
    match answer:
        case Answer.FILED:
            text = (
                f"记下了：您已提交延续申请{quiet}。{_undecided_line(shown)}"
                "受理凭证请收好。科室仍会盯着办。"
            )
        case Answer.DECLINED:
            text = f"记下了：暂不续{quiet}。到期后这张证就不能再用了；想续还可以点下面。"
        case Answer.WRONG:
            text = "记下了，已转给发证科室核对" + ("。" if told_never else "；改好之前不再提醒您。")
    undo = Button("点错了，照常提醒", f"held:{shown.certificate.id}:undo")
    return Reply(f"{title(shown)}：{text}", buttons=((undo,), (MINE, MENU)))


def _undecided_line(shown: Shown) -> str:
    """Say what silence of the issuer means for what was filed (行政许可法 art. 50)."""
    if shown.filing is Filing.IN_TIME:
        return "按时提交、发证机关到期前没有决定的，按准予延续算；"
    if shown.standing is not None and shown.standing.renewal is RenewalPeriod.NEVER:
        why = "这种证到期就失效，重新申请的"
    elif shown.standing is not None and shown.standing.renewal is RenewalPeriod.EXPIRED:
        why = "证已过期，到期后才提交的"
    else:
        why = "最晚申请日已过，逾期提交的"
    return f"{why}不按准予延续算，请尽快联系{_issuer(shown)}问结果；"


def undone_reply(shown: Shown) -> Reply:
    """Confirm that alerts go on."""
    words = silence_line(shown) or "照常提醒。"
    return Reply(f"{title(shown)}：好，{words}", buttons=((MINE, MENU),))


def stopped_reply(shown: Shown) -> Reply:
    """Confirm that a holder is told no more."""
    again = Button("点错了，重新订阅", f"held:{shown.certificate.id}:again")
    return Reply(
        f"{title(shown)}：已退订，不再提醒您。到期前请自己记着办延续。",
        buttons=((again,), (MINE, MENU)),
    )


SAID_WORDS = {"filed": "已提交", "declined": "暂不续", "wrong": "信息有误", "stop": "退订"}


def none_meant_reply(said: str, *, has_any: bool) -> Reply:
    """Say that there is no certificate a typed answer could be about."""
    if not has_any:
        text = "您没有订证照到期提醒。不想再收评价邀请的，在邀请下面点退订。"
        return Reply(text if said == "stop" else "您没有订证照到期提醒。", buttons=((MENU,),))
    return Reply("没有快到期、等您答复的证照。", buttons=((MINE, MENU),))


def which_meant_reply(said: str, listed: Sequence[Shown]) -> Reply:
    """Ask which of several certificates a typed answer is about."""
    word = SAID_WORDS[said]
    rows = [
        (Button(f"{word} {_short_name(one)}", f"held:{one.certificate.id}:{said}"),)
        for one in listed[:WITH_BUTTONS]
    ]
    if said == "stop":
        rows.append((Button(f"全部退订（{len(listed)} 张）", "certstop"),))
    more = len(listed) - WITH_BUTTONS
    rest = f"另有 {more} 张，请从“我的证照”里点。" if more > 0 else ""
    return Reply(f"{word}哪一张？{rest}", buttons=(*rows, (MINE, MENU)))


def _short_name(shown: Shown) -> str:
    return f"{number_tail(shown.certificate.number)} {shown.name[:12]}"


def stopped_all_reply(count: int) -> Reply:
    """Confirm that a holder is told no more about any certificate."""
    return Reply(
        f"{count} 张证照都退订了，不再提醒您。到期前请自己记着办延续；想再订，向窗口要提醒码。",
        buttons=((MENU,),),
    )


def renewal_hint_reply(
    kind: CertificateKind, renewal: OpenedList | None, own: Button | None
) -> Reply:
    """Lead somebody whose certificate is about to end to its renewal, before the first list.

    `own` leads to their certificates, where nobody reads along.
    """
    issuer = kind.issuer or "发证机关"
    sure = kind.confidence is Confidence.HIGH
    known = end_sentence(kind.renewal_text) if kind.renewal_text and sure else ""
    lines = Lines()
    lines.add(
        f"手里的{kind.name}快到期，去{issuer}办延续。{known}"
        f"{ASK_AT_WINDOW if renewal is None else ''}"
        "已经过期的，先问清还能不能续。电话可打 12345 问。"
    )
    row = (Button("延续要带什么", _list_token(renewal)),) if renewal else ()
    buttons = (*row, own) if own else row
    return Reply(lines.text, buttons=(buttons,) if buttons else ())


# -- opting in


def ask_tail_reply(shown: Shown, days: int, *, sensitive: bool = False) -> Reply:
    """Ask for the number's tail, saying what is agreed to by giving it.

    Of one certificate nothing is said before: whoever has the code alone may not be its holder.
    """
    is_told = shown.silence is not Silence.KIND
    agreed = "在这里接收它的到期提醒" if is_told else "在这里看它的到期日，这种证暂不自动提醒"
    return Reply(
        f"这是一张{shown.name}的到期提醒码。发来证照编号的后 4 位，就表示您同意{agreed}："
        f"{SEPARATE_CONSENT if sensitive else ''}"
        "只存这个对话和证照的对应关系，随时可退订，退订后不再用。"
        f"（{days} 分钟内；不订就点取消）",
        buttons=((Button("取消", "menu"),),),
    )


def opted_in_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Confirm an opt-in with where the certificate stands; promise only what will come."""
    lines = Lines()
    if shown.silence is None:
        lines.add(f"订好了：{title(shown)}到期前会在这里提醒您。")
    else:
        lines.add(f"记下了：{title(shown)}。{silence_line(shown)}发“我的证照”随时能看。")
    if shown.silence not in (Silence.NOT_VALID, Silence.RENEWED):
        lines.add(standing_line(shown, viewer.palette), renewal_line(shown))
    stop = Button("退订", f"held:{shown.certificate.id}:stop")
    return Reply(lines.text, buttons=((stop, MINE), (MENU,)))


def tail_wrong_reply(left: int) -> Reply:
    """Say that code and number do not belong together, and how often it may be tried again."""
    if not left:
        return Reply(
            "还是对不上，这个提醒码不能再用了。请向发证窗口或科室要新的。",
            buttons=((MENU, Button("转人工", "human")),),
        )
    return Reply(
        f"后 4 位和提醒码对不上。请照着证照核对，直接再发后 4 位（还能试 {left} 次）。",
        buttons=((Button("取消", "menu"), Button("转人工", "human")),),
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


def benefit_reply(opened: OpenedList) -> Reply:
    """Tell once of the next benefit; the first line says nothing about anybody."""
    return Reply(
        "您有一项补贴可申请。\n点下面看要带什么；是否符合条件，以窗口审核为准。",
        buttons=((Button("看要带什么", _list_token(opened)),), (MENU,)),
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
        _task(
            "持证人说已提交、还没决定的",
            register.filed_in_time + register.filed_late,
            (
                f"按期提交 {register.filed_in_time} 张，到期前不决定，按准予延续算；"
                f"逾期提交 {register.filed_late} 张，不按准予延续算，请尽快决定"
            ),
        ),
        _task("近 60 天过期未续、也没说提交的", register.lapsed, "催续、重办或注销"),
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
        tuple(
            Button(f"看{LEVEL_WORDS[level]}", f"certlist:{level.value}")
            for level in (Level.URGENT, Level.NEAR)
        ),
        tuple(
            Button(f"看{LEVEL_WORDS[level]}", f"certlist:{level.value}")
            for level in (Level.EARLY, Level.EXPIRED)
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
    "filed": "按期提交的，到期前不决定，按准予延续算；逾期提交的不算，请尽快决定。",
    "lapsed": "催续、重办或注销；换了新证的，请导入新证。",
}
CALLED_FROM = frozenset({"byhand", "unreached"})


def list_reply(which: str, listed: Listed, viewer: Viewer) -> Reply:
    """List one page of certificates for a department, the most pressing first.

    Who is to be called stands with the telephone that its owner agreed to.
    """
    within = f"{listed.days} 天内到期，" if listed.days is not None else ""
    about = f"{within}{LIST_WORDS[which]}"
    if not listed.count:
        return Reply(f"{about}：没有（0）。", buttons=((REGISTER, MENU),))
    lines = Lines()
    lines.heading(f"{about}：{listed.count} 张{_page_words(listed)}")
    for shown in listed.certificates:
        phone = which in CALLED_FROM and not viewer.discreet
        lines.add(f"· {_department_row(shown, viewer)}{_phone(shown) if phone else ''}")
    lines.add(LIST_ADVICE.get(which))
    if viewer.discreet:
        where = f"：{viewer.page}" if viewer.page else "。"
        lines.add(f"持证人、电话和涉及健康的证照请在网页上看{where}")
    every = listed.certificates
    looks = _look_buttons(every) if viewer.discreet else _holder_buttons(every)
    return Reply(
        lines.text,
        headings=lines.headings,
        buttons=(*looks, *_turns(f"certlist:{which}", listed), (REGISTER, MENU)),
        replaces=listed.page > 0,
    )


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
    """Write one line: who, until when, at which level, and the last contact with its result."""
    where = shown.certificate.district or "市直"
    who = where if viewer.discreet else f"{shown.certificate.holder}，{where}"
    parts = [f"{title(shown)} {who}：{standing_line(shown, viewer.palette)}"]
    parts.append(department_line(shown) or "")
    if shown.answer is not None:
        parts.append(f"（{_answer_words(shown)}）")
    if shown.acknowledged is not None:
        on = shown.acknowledged.on
        parts.append(f"（{OUTCOME_WORDS[shown.acknowledged.outcome]} {on.month}月{on.day}日）")
    parts.append(f"{told_line(shown)}。")
    return "".join(parts)


def told_line(shown: Shown) -> str:
    """Return the last message to the holder and what became of it."""
    told = shown.last_told
    if told is None:
        return "还没提醒过持证人"
    words = f"{told.on.month}月{told.on.day}日（{event_words(told.event)}）"
    return f"最近提醒 {words}{REACHED_WORDS[told.reached]}"


def department_card_reply(shown: Shown, viewer: Viewer) -> Reply:
    """Show a department one certificate with what it may do about it."""
    certificate = shown.certificate
    lines = Lines()
    lines.add(title(shown))
    if not viewer.discreet:
        lines.add(f"编号 {certificate.number}，持证人 {certificate.holder}")
        lines.add(f"电话 {shown.contact}（本人同意）" if shown.contact else "没有留电话")
    lines.add(f"{certificate.district or '市直'}，{STATE_WORDS[certificate.state]}")
    if shown.kind is None:
        lines.add(NO_RULE)
    lines.add(standing_line(shown, viewer.palette), department_line(shown), f"{told_line(shown)}。")
    if certificate.renewed_by_id is not None:
        lines.add("已有新证，旧证不再提醒。")
    if shown.answer is not None:
        lines.add(f"{_answer_words(shown)}。")
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
        f"{title(shown)}：记下了，{OUTCOME_WORDS[outcome]}。",
        buttons=((Button("接着打电话", "certlist:byhand"),), (REGISTER, MENU)),
    )


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
        f"持证人说信息有误：{title(shown)}，请核对后重新导入。", buttons=((look, REGISTER),)
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
    "电话",
    "最近一次提醒",
    "提醒结果",
)


def _known_last_day(shown: Shown) -> str:
    """Return the last day to apply as a cell; none where the rule is doubtful."""
    doubtful = shown.kind is None or shown.kind.confidence is Confidence.LOW
    announced_on = shown.standing.announced_on if shown.standing else None
    return "" if doubtful or announced_on is None else announced_on.isoformat()


def sheet_row(shown: Shown, palette: Palette) -> tuple[str | int, ...]:
    """Return one certificate as a row of the sheet."""
    certificate, stands, told = shown.certificate, shown.standing, shown.last_told
    return (
        level_words(palette, stands.level) if stands and stands.level else "",
        shown.name,
        certificate.number,
        certificate.holder,
        certificate.district or "市直",
        _issuer(shown),
        certificate.expires_on.isoformat() if certificate.expires_on else "长期",
        stands.days_left if stands else "",
        _known_last_day(shown),
        _answer_words(shown) if shown.answer else "",
        OUTCOME_WORDS[shown.acknowledged.outcome] if shown.acknowledged else "",
        "" if shown.kind else "规则未登记",
        shown.contact or "",
        f"{told.on.isoformat()} {event_words(told.event)}" if told else "",
        REACHED_WORDS[told.reached] if told else "",
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
