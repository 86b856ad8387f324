"""From one incoming to one reply: who may do what, one transaction, one error boundary.

The only routing tables stand here: commands with their Chinese words, tokens, awaited texts.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot import figure_words
from bot.database import reading, transaction
from bot.desk import Desk
from bot.dialogue import STAFF, Channel, Incoming, Refusal, Reply, Role
from bot.handlers import (
    acts,
    ask,
    audit,
    case_clock,
    cases,
    certificates,
    holder_codes,
    human,
    imports,
    knowledge,
    lists,
    menu,
    official,
    progress,
    qualification,
    ratings,
    rectifications,
    roster,
    slips,
    staff,
    statistics,
    summary,
)
from bot.packing import pack_reply, unpack_reply
from bot.records import contacts, conversations, messages, people
from bot.records.audit import Deed, record_deed
from bot.records.conversations import Awaited
from bot.records.redaction import redact
from bot.views import questions, refusals
from knowledge.search.understanding import Outcome, Understanding
from reminders import outbox
from reminders.alerts import Alert
from reminders.recipients import Recipient

log = logging.getLogger(__name__)

LONGEST_TEXT = 2000
EVERYONE = frozenset(Role)
CITIZENS = frozenset({Role.CITIZEN})
COUNTERS = frozenset({Role.CLERK, Role.LEAD})
OVERSEERS = frozenset({Role.LEAD, Role.DEPARTMENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
HEADS = frozenset({Role.LEAD, Role.SUPERVISOR, Role.EDITOR, Role.ADMINISTRATOR})
CODE_MAKERS = frozenset({Role.LEAD, Role.DEPARTMENT, Role.ADMINISTRATOR})
SUPERVISORS = frozenset({Role.SUPERVISOR})
AUDITORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
STAFF_OVERSEERS = qualification.STAFF_OVERSEERS
LEADS = frozenset({Role.LEAD})
REGISTRARS = certificates.REGISTRARS
CODE_GIVERS = COUNTERS | REGISTRARS
CASE_WORKERS = COUNTERS | SUPERVISORS  # whose own a case is, the handler checks
CASE_READERS = OVERSEERS | COUNTERS
CASE_CLOSERS = frozenset({Role.LEAD, Role.SUPERVISOR})
EDITORS = frozenset({Role.EDITOR, Role.ADMINISTRATOR})
CLERKS = frozenset({Role.CLERK})
# A clerk has rectifications only while standing in for a lead; whose, the handler checks.
RECTIFIERS = OVERSEERS | CLERKS | {Role.EDITOR}

TokenHandler = Callable[[Desk, Incoming, tuple[str, ...]], Reply]
WordHandler = Callable[[Desk, Incoming, str], Reply]


@dataclass(frozen=True, slots=True)
class Command:
    """A Latin command with its Chinese words; `listed` ones stand in menus."""

    name: str
    words: tuple[str, ...]
    description: str
    handler: WordHandler
    roles: frozenset[Role] = EVERYONE
    listed: bool = True
    public: bool = False
    deed: Deed | None = None
    hidden_from: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class TokenRoute:
    """What a pressed button's verb leads to; `public` ones also work where others read along.

    `deed` is what staff who get an answer have done and the audit log keeps, from `least`
    arguments on: with fewer the button only asks. Without one the handler writes it down itself,
    or there is nothing of anybody else's to see.
    """

    handler: TokenHandler
    roles: frozenset[Role] = EVERYONE
    public: bool = False
    deed: Deed | None = None
    least: int = 0


def _start(desk: Desk, incoming: Incoming, payload: str) -> Reply:
    """Open the menu with the person's own work on top."""
    del payload
    return menu.start(desk, incoming, work_of(incoming))


def _show_menu(desk: Desk, incoming: Incoming, arguments: tuple[str, ...]) -> Reply:
    """Show the menu after a button."""
    del arguments
    return menu.show_menu(desk, incoming, work_of(incoming))


def _help(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Say what can be asked, and what a member of the staff may do."""
    del desk, argument
    return menu.help_(work_of(incoming))


def _command_of_button(incoming: Incoming, arguments: tuple[str, ...]) -> Command:
    """Return the command whose word stands on the menu's button."""
    name = arguments[0] if arguments else ""
    role = incoming.person.role
    named = [c for c in COMMANDS if c.name == name and c.listed]
    command = next((c for c in named if role in c.roles), None)
    if command is None and not named:
        raise Refusal("button_unknown")
    if command is None:
        raise _not_your_role(role, *(c.roles for c in named))
    return command


def _bind(desk: Desk, incoming: Incoming, code: str) -> Reply:
    """Use a code: a holder's opens a certificate, a staff member's gives a role."""
    return certificates.begin_opt_in(desk, incoming, code) or staff.bind(desk, incoming, code)


def _register(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show the register, or the one certificate whose number or tail is named."""
    if argument:
        return holder_codes.find(desk, incoming, argument)
    return certificates.register(desk, incoming, "")


def _own_certificates(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Show a holder's own; a window that names a number finds that one in its district."""
    if argument and incoming.person.role in COUNTERS:
        return holder_codes.find(desk, incoming, argument)
    return certificates.mine(desk, incoming, "")


def _own_code(desk: Desk, incoming: Incoming, argument: str) -> Reply:
    """Make a code by which somebody comes in on the page too."""
    del argument
    return staff.make_own_code(desk, incoming, ())


COMMANDS: tuple[Command, ...] = (
    Command("start", ("菜单", "开始"), "打开菜单", _start, public=True),
    Command("help", ("帮助",), "能问什么、怎么问", _help, public=True),
    Command(
        "today", ("今日评价",), "今日服务反馈", statistics.today, OVERSEERS, deed=Deed.SAW_FIGURES
    ),
    Command("board", ("看板",), "看板：数、率、图、明细", statistics.board, OVERSEERS),
    Command("overdue", ("超期",), "办件时限、超期", cases.overdue, OVERSEERS, deed=Deed.SAW_LIST),
    Command(
        "acts",
        ("待签发",),
        "待签发的督办、通报",
        acts.waiting_for_release,
        SUPERVISORS,
        deed=Deed.SAW_LIST,
    ),
    Command(
        "causes",
        ("超期原因",),
        "超期原因，按月",
        cases.causes,
        OVERSEERS,
        listed=False,
        deed=Deed.SAW_FIGURES,
    ),
    Command(
        "perhaps",
        ("可能已办结",),
        "核对可能已办结的件",
        cases.perhaps_done,
        CASE_CLOSERS,
        listed=False,
        deed=Deed.SAW_LIST,
    ),
    Command("morning", ("晨会单",), "打印晨会单", cases.morning, OVERSEERS, listed=False),
    Command("mine", ("我的办件",), "我名下的办件", cases.mine, COUNTERS, deed=Deed.SAW_LIST),
    Command("leave", ("请假", "代班"), "请假、代班", roster.leave, LEADS, deed=Deed.SAW_LIST),
    Command(
        "certificates",
        ("证照",),
        "证照到期提醒",
        _register,
        REGISTRARS,
        deed=Deed.SAW_LIST,
    ),
    Command("mine", ("我的证照", "证照"), "我的证照、到期提醒", _own_certificates),
    Command("remindcode", ("提醒码",), "给持证人发到期提醒码", holder_codes.find, CODE_GIVERS),
    Command(
        "qualification",
        ("持证上岗", "持证上岗率"),
        "窗口人员持证上岗率",
        qualification.show,
        STAFF_OVERSEERS,
        deed=Deed.SAW_FIGURES,
    ),
    Command(
        "rectifications",
        ("整改",),
        "差评整改",
        rectifications.waiting,
        RECTIFIERS,
        hidden_from=CLERKS,
        deed=Deed.SAW_LIST,
    ),
    Command(
        "tasks",
        ("待补条目",),
        "群众说没说全的条目",
        rectifications.tasks,
        EDITORS,
        deed=Deed.SAW_LIST,
    ),
    Command("upload", ("上传",), "导入办件、证照、人员表", imports.offer, imports.UPLOADERS),
    Command("inbox", ("留言箱", "收件箱"), "待回复的留言", human.inbox, HEADS, deed=Deed.SAW_LIST),
    Command("codes", ("发绑定码",), "给同事发绑定码", staff.make_code, CODE_MAKERS),
    Command("gaps", ("知识缺口",), "没答上来的问题", knowledge.gaps, EDITORS, deed=Deed.SAW_LIST),
    Command("review", ("待审",), "待复核的条目", knowledge.review, EDITORS, deed=Deed.SAW_LIST),
    Command("entry", ("条目",), "看一个条目、暂停回答", knowledge.entry, EDITORS, listed=False),
    Command(
        "reload", ("更新知识",), "重新读取知识库", knowledge.reload, EDITORS, deed=Deed.CHANGED
    ),
    Command("slip", ("查告知单",), "按编号看告知单", slips.by_number, listed=False),
    Command("status", ("查留言",), "按编号看留言进度", human.status, listed=False),
    Command("progress", ("办件进度",), "按编号看办件进度", progress.look_up),
    Command("feedback", ("查反馈",), "按编号看反馈的处理", rectifications.status, listed=False),
    Command("filed", ("已提交",), "证照续办已提交", certificates.say("filed"), listed=False),
    Command("declined", ("暂不续",), "证照暂不续", certificates.say("declined"), listed=False),
    Command("mistaken", ("信息有误",), "证照信息有误", certificates.say("wrong"), listed=False),
    Command("stop", ("退订",), "退订证照到期提醒", certificates.say("stop"), listed=False),
    Command("myfeedback", ("我的反馈",), "我的反馈、处理进度", rectifications.mine, CITIZENS),
    Command("bind", ("绑定", "提醒码"), "用绑定码或提醒码", _bind, listed=False),
    Command(
        "mycode",
        ("网页绑定码",),
        "自己在网页上用的绑定码",
        _own_code,
        STAFF,
        listed=False,
        deed=Deed.CHANGED,
    ),
    Command("unbind", ("解除绑定", "退出"), "解除绑定、退出", staff.leave, STAFF),
    Command("cancel", ("取消",), "取消正在写的内容", menu.cancel),
    Command(
        "official",
        ("省好差评",),
        "省平台的评价，逐条和本系统对上，两边不相加",
        official.show,
        AUDITORS,
        deed=Deed.SAW_LIST,
    ),
    Command(
        "audit",
        ("操作记录", "审计"),
        "谁看了、改了、导出了什么",
        audit.look,
        AUDITORS,
        deed=Deed.SAW_AUDIT,
    ),
    Command("privacy", ("隐私",), "个人信息怎么用", menu.privacy, public=True),
    Command("erase", ("删除我的数据",), "删除我的数据", menu.erase),
)

# What a deep link's payload leads to: start=w-<window>, join-<binding code>, s-<slip number>.
DEEP_LINKS: dict[str, Command] = {
    "w": Command("start", (), "", menu.at_window, public=True),
    "join": Command("bind", (), "", _bind),
    "s": Command("slip", (), "", slips.by_number),
}

HOLDERS_ANSWERS = frozenset({"declined", "filed", "mistaken", "stop"})
WITH_ARGUMENT = frozenset(
    {
        "audit",
        "bind",
        "certificates",
        "entry",
        "feedback",
        "progress",
        "remindcode",
        "slip",
        "status",
    }
)

# Words for figures that nobody says by chance: whoever may not see them is told so. The rest of
# what asks for figures, as a bare district, is read of overseers only.
PERIOD_WORDS = re.compile(
    r"(今日|今天|昨日|昨天|本周|上周|本月|上月) ?评价|差评清单|未评价事项|窗口排名"
    r"|(\d{4}[-年])?\d{1,2}[-月]\d{1,2}日? ?评价"
)

# Words we can read at all: Chinese characters, Latin letters, digits.
READABLE = re.compile(r"[\u3400-\u9fffA-Za-z0-9０-９ａ-ｚＡ-Ｚ]")

# Numbers that are understood when they are the whole message.
SLIP_NUMBER = re.compile(r"20\d{6}-?[2-9A-HJ-NP-Za-hj-np-z]{6}")
RECTIFICATION_NUMBER = re.compile(r"[Zz]20\d{6}[2-9A-HJ-NP-Za-hj-np-z]{6}")
ENQUIRY_NUMBER = re.compile(r"[Ll]20\d{6}[2-9A-HJ-NP-Za-hj-np-z]{6}")

TOKENS: dict[str, TokenRoute] = {
    "list": TokenRoute(lists.show_list, public=True),
    "all": TokenRoute(lists.show_everything, public=True),
    "q": TokenRoute(lists.ask_question, public=True),
    "pick": TokenRoute(lists.pick, public=True),
    "edit": TokenRoute(lists.edit_answers, public=True),
    "where": TokenRoute(lists.show_place, public=True),
    "at": TokenRoute(lists.choose_district, public=True),
    "why": TokenRoute(lists.explain_finish, public=True),
    "have": TokenRoute(lists.show_missing),
    "wrong": TokenRoute(lists.report_wrong),
    "none": TokenRoute(ask.none_of_these),
    "tellme": TokenRoute(ask.tell_me),
    "about": TokenRoute(lists.show_about, public=True),
    "slip": TokenRoute(slips.make),
    "give": TokenRoute(slips.give, STAFF),
    # Staff who try are refused by the handler, which writes it down.
    "rate": TokenRoute(ratings.rate),
    "unsub": TokenRoute(ratings.refuse_invitations, CITIZENS),
    "rects": TokenRoute(rectifications.show_waiting, RECTIFIERS, deed=Deed.SAW_LIST),
    "rect": TokenRoute(rectifications.show, RECTIFIERS, deed=Deed.SAW),
    "ract": TokenRoute(rectifications.act, RECTIFIERS),
    "rectans": TokenRoute(rectifications.show_answer, RECTIFIERS, deed=Deed.SAW_ANSWER),
    "rectwhy": TokenRoute(rectifications.show_why, RECTIFIERS, deed=Deed.SAW),
    "rectproof": TokenRoute(rectifications.prove, RECTIFIERS, deed=Deed.SAW),
    "rphone": TokenRoute(rectifications.ask_lookup, RECTIFIERS),
    "revisit": TokenRoute(rectifications.revisit, CITIZENS),
    "rrep": TokenRoute(rectifications.ask_reply, CITIZENS),
    "rquiet": TokenRoute(rectifications.be_quiet, CITIZENS),
    "phone": TokenRoute(rectifications.ask_phone, CITIZENS),
    "tasks": TokenRoute(rectifications.show_tasks, EDITORS, deed=Deed.SAW_LIST),
    "task": TokenRoute(rectifications.show_task, EDITORS, deed=Deed.SAW_ANSWER),
    "taskdone": TokenRoute(rectifications.finish_task, EDITORS, deed=Deed.CHANGED),
    "myfb": TokenRoute(rectifications.show_mine, CITIZENS),
    "rerate": TokenRoute(ratings.offer_again, CITIZENS),
    "fix": TokenRoute(ratings.correct, CITIZENS),
    "cause": TokenRoute(ratings.ask_cause, CITIZENS),
    "tag": TokenRoute(ratings.choose_tag, CITIZENS),
    "praise": TokenRoute(ratings.praise, CITIZENS),
    "words": TokenRoute(ratings.ask_words, CITIZENS),
    "more": TokenRoute(ratings.ask_addendum, CITIZENS),
    "human": TokenRoute(human.offer),
    "progress": TokenRoute(progress.ask),
    "note": TokenRoute(human.ask_note),
    "notewhy": TokenRoute(human.explain),
    "progwhy": TokenRoute(progress.explain),
    "inbox": TokenRoute(human.open_inbox, HEADS, deed=Deed.SAW_LIST),
    "read": TokenRoute(human.read, HEADS, deed=Deed.SAW),
    "reply": TokenRoute(human.ask_answer, HEADS),
    "certs": TokenRoute(certificates.open_mine, deed=Deed.SAW_LIST),
    "cert": TokenRoute(certificates.look),
    "held": TokenRoute(certificates.answer),
    "certstop": TokenRoute(certificates.stop_all),
    "benefit": TokenRoute(certificates.benefit),
    "register": TokenRoute(certificates.open_register, REGISTRARS, deed=Deed.SAW_LIST),
    "certlist": TokenRoute(certificates.list_some, REGISTRARS),
    "certack": TokenRoute(certificates.acknowledge, REGISTRARS, deed=Deed.CHANGED),
    "certcode": TokenRoute(holder_codes.make_code, CODE_GIVERS, deed=Deed.CHANGED),
    "certat": TokenRoute(holder_codes.look, COUNTERS, deed=Deed.SAW),
    "gaps": TokenRoute(knowledge.open_gaps, EDITORS, deed=Deed.SAW_LIST),
    "gap": TokenRoute(knowledge.open_gap, EDITORS, deed=Deed.SAW),
    "gapfind": TokenRoute(knowledge.ask_gap_entry, EDITORS),
    "gapto": TokenRoute(knowledge.preview_alias, EDITORS),
    "gapsay": TokenRoute(knowledge.ask_alias, EDITORS),
    "gapadd": TokenRoute(knowledge.add_alias, EDITORS),
    "gapnew": TokenRoute(knowledge.want_entry, EDITORS, deed=Deed.CHANGED),
    "gapdrop": TokenRoute(knowledge.drop_gap, EDITORS, deed=Deed.CHANGED),
    "review": TokenRoute(knowledge.open_review, EDITORS, deed=Deed.SAW_LIST),
    "change": TokenRoute(knowledge.open_edit, EDITORS, deed=Deed.SAW),
    "changeok": TokenRoute(knowledge.approve_edit, EDITORS),
    "changeno": TokenRoute(knowledge.decline_edit, EDITORS),
    "entry": TokenRoute(knowledge.open_entry, EDITORS),
    "diagram": TokenRoute(knowledge.draw_entry, EDITORS),
    "pause": TokenRoute(knowledge.pause, EDITORS),
    "resume": TokenRoute(knowledge.resume, EDITORS),
    "menu": TokenRoute(_show_menu, public=True),
    "topics": TokenRoute(menu.show_topics, public=True),
    "privacy": TokenRoute(menu.show_privacy, public=True),
    "erase": TokenRoute(menu.erase_now),
    "qualified": TokenRoute(qualification.open_, STAFF_OVERSEERS, deed=Deed.SAW_FIGURES),
    "mycode": TokenRoute(staff.make_own_code, STAFF, deed=Deed.CHANGED),
    "unbind": TokenRoute(staff.leave_now, STAFF, deed=Deed.CHANGED),
    "code": TokenRoute(staff.make_code_for, CODE_MAKERS, deed=Deed.CHANGED),
    "codeof": TokenRoute(staff.make_code_of, CODE_MAKERS, deed=Deed.CHANGED),
    "mine": TokenRoute(cases.open_mine, COUNTERS, deed=Deed.SAW_LIST),
    "case": TokenRoute(cases.show, CASE_READERS, deed=Deed.SAW),
    "casewhy": TokenRoute(cases.explain, CASE_READERS, deed=Deed.SAW),
    "caseproof": TokenRoute(cases.prove, CASE_READERS, deed=Deed.SAW),
    "casetoday": TokenRoute(cases.promise_today, CASE_WORKERS, deed=Deed.CHANGED),
    "casedone": TokenRoute(cases.say_done, CASE_WORKERS, deed=Deed.CHANGED),
    "casepapers": TokenRoute(cases.ask_papers, CASE_WORKERS, deed=Deed.CHANGED),
    "casearrived": TokenRoute(cases.papers_arrived, CASE_WORKERS, deed=Deed.CHANGED),
    "casegive": TokenRoute(cases.give, CASE_WORKERS, deed=Deed.CHANGED, least=2),
    "casetake": TokenRoute(cases.take_over, CASE_WORKERS, deed=Deed.CHANGED),
    "casewrong": TokenRoute(cases.report_wrong, CASE_WORKERS, deed=Deed.CHANGED),
    "caselate": TokenRoute(cases.give_cause, CASE_READERS, deed=Deed.CHANGED, least=2),
    "casestop": TokenRoute(case_clock.suspend, CASE_WORKERS),
    "caseresume": TokenRoute(case_clock.resume, CASE_WORKERS, deed=Deed.CHANGED),
    "caseextend": TokenRoute(case_clock.extend, CASE_CLOSERS),
    "perhaps": TokenRoute(cases.show_perhaps_done, CASE_CLOSERS, deed=Deed.SAW_LIST),
    "closeall": TokenRoute(cases.close_listed, CASE_CLOSERS, deed=Deed.CHANGED),
    "caseclose": TokenRoute(cases.close_missing, CASE_CLOSERS, deed=Deed.CHANGED),
    "overdue": TokenRoute(cases.open_overdue, OVERSEERS, deed=Deed.SAW_LIST),
    "pressing": TokenRoute(cases.pressing, OVERSEERS, deed=Deed.SAW_LIST),
    "leave": TokenRoute(roster.open_leave, LEADS, deed=Deed.SAW_LIST),
    "leavedays": TokenRoute(roster.ask_days, LEADS),
    "leaveset": TokenRoute(roster.set_days, LEADS),
    "deputy": TokenRoute(roster.choose_deputy, LEADS),
    "casecauses": TokenRoute(cases.show_causes, OVERSEERS, deed=Deed.SAW_FIGURES),
    "acts": TokenRoute(acts.acts, SUPERVISORS, deed=Deed.SAW_LIST),
    "release": TokenRoute(acts.release, SUPERVISORS, deed=Deed.CHANGED),
    "official": TokenRoute(official.turn, AUDITORS, deed=Deed.SAW_LIST),
    "offrate": TokenRoute(official.look, AUDITORS, deed=Deed.SAW),
    "offlink": TokenRoute(official.link, AUDITORS, deed=Deed.CHANGED),
    "offnone": TokenRoute(official.mark_none, AUDITORS, deed=Deed.CHANGED),
    "offundo": TokenRoute(official.undo, AUDITORS, deed=Deed.CHANGED),
    "audit": TokenRoute(audit.turn, AUDITORS, deed=Deed.SAW_AUDIT),
    "unsent": TokenRoute(summary.unsent, SUPERVISORS, deed=Deed.SAW_LIST),
    "unanswered": TokenRoute(summary.unanswered, SUPERVISORS, deed=Deed.SAW_LIST),
    "duetoday": TokenRoute(summary.due_today, SUPERVISORS, deed=Deed.SAW_LIST),
    "decline": TokenRoute(acts.decline, SUPERVISORS),
}

# Figures over everything there is: read from one snapshot, before the transaction that records
# the reply. Channels give them a worker thread, apart from the one for tables.
FIGURES: dict[str, TokenRoute] = {
    "stats": TokenRoute(statistics.for_period, OVERSEERS, deed=Deed.SAW_FIGURES),
    "bad": TokenRoute(statistics.bad, OVERSEERS, deed=Deed.SAW_LIST),
    "unrated": TokenRoute(statistics.unrated, OVERSEERS, deed=Deed.SAW_FIGURES),
    "rank": TokenRoute(statistics.ranking, OVERSEERS, deed=Deed.SAW_FIGURES),
    "rates": TokenRoute(statistics.rates, OVERSEERS, deed=Deed.SAW_FIGURES),
    "odd": TokenRoute(statistics.oddities, OVERSEERS, deed=Deed.SAW_LIST),
    "chart": TokenRoute(statistics.chart, OVERSEERS, deed=Deed.SAW_FIGURES),
    "sheet": TokenRoute(statistics.sheet, OVERSEERS, deed=Deed.EXPORTED),
}
FIGURE_COMMANDS = frozenset({"today"})
DO = "do"
"""The verb of the menu's buttons, which do what a command's word does."""

# Work of seconds, with transactions of its own and harmless when repeated: done before the one
# that records the reply. Channels give it a worker thread.
EARLY: dict[str, TokenRoute] = {
    # Staff who may not send tables are told so by the handler, in words of its own.
    "import": TokenRoute(imports.receive, STAFF),
    "impsay": TokenRoute(imports.say_extent, imports.UPLOADERS),
    "imptake": TokenRoute(imports.take, imports.UPLOADERS),
    "impdrop": TokenRoute(imports.drop, imports.UPLOADERS),
    "offauto": TokenRoute(official.match_all, AUDITORS, deed=Deed.CHANGED),
    # Written down by the handler with its rows: on the page the button is but a link.
    "certsheet": TokenRoute(certificates.export, REGISTRARS),
}

AWAITED: dict[Awaited, WordHandler] = {
    Awaited.MESSAGE: human.take_note,
    Awaited.CORRECTION: lists.take_correction,
    Awaited.WORDS: ratings.take_words,
    Awaited.ADDENDUM: ratings.take_addendum,
    Awaited.ANSWER: human.take_answer,
    Awaited.GAP_ENTRY: knowledge.take_gap_entry,
    Awaited.GAP_ALIAS: knowledge.take_alias,
    Awaited.PAUSE_REASON: knowledge.take_pause_reason,
    Awaited.PHONE: rectifications.take_phone,
    Awaited.RECTIFICATION: rectifications.take_words,
    Awaited.REPLY_TO_STAFF: rectifications.take_reply,
    Awaited.LOOKUP_REASON: rectifications.look_up,
    Awaited.CERTIFICATE_TAIL: certificates.take_tail,
    Awaited.CERTIFICATE_NUMBER: holder_codes.take_number,
    Awaited.SUSPENSION_DOCUMENT: case_clock.take_document,
    Awaited.EXTENSION: case_clock.take_extension,
    Awaited.DECLINE_REASON: acts.take_decline_reason,
    Awaited.LEAVE: roster.take_days,
    Awaited.CASE_NUMBER: progress.look_up,
}

# What staff have done once the words that a button asked for are taken; the rest of the awaited
# texts write down by themselves what they do.
CLOCK_WORDS: dict[Awaited, str] = {
    Awaited.SUSPENSION_DOCUMENT: "casestop",
    Awaited.EXTENSION: "caseextend",
}

# Always taken for what was asked for. A complaint, a reply, a correction name an item as any
# question does: taken for one they would be lost, so the question is the button instead.
OWN_WORDS = frozenset({Awaited.WORDS, Awaited.ADDENDUM, Awaited.REPLY_TO_STAFF, Awaited.CORRECTION})
STAFF_WORDS = frozenset(
    {
        Awaited.CERTIFICATE_NUMBER,
        Awaited.ANSWER,
        Awaited.RECTIFICATION,
        Awaited.LOOKUP_REASON,
        Awaited.GAP_ENTRY,
        Awaited.GAP_ALIAS,
        Awaited.PAUSE_REASON,
        Awaited.SUSPENSION_DOCUMENT,
        Awaited.EXTENSION,
        Awaited.DECLINE_REASON,
        Awaited.LEAVE,
    }
)

# Where the words are that were taken so, for somebody who meant to ask: `asked:KIND:SUBJECT`.
ASKED = "asked"
TAKEN_WORDS: dict[str, Callable[[Desk, Incoming, str], str]] = {
    Awaited.WORDS: ratings.words_written,
    Awaited.ADDENDUM: ratings.addendum_written,
    Awaited.REPLY_TO_STAFF: rectifications.reply_written,
    Awaited.CORRECTION: lists.correction_written,
}


def respond(desk: Desk, incoming: Incoming) -> Reply | None:
    """Answer one incoming; None where an event was answered and settled before.

    Everything the person caused is committed when this returns. Never raises for what a person
    sent: a Refusal becomes its text, anything else one polite line with an incident number.
    """
    if incoming.key is not None:
        receipt = messages.receipt_for(desk.db, incoming.key)
        if receipt is not None:
            return None if receipt.reply is None else unpack_reply(receipt.reply)
    incoming = _masked(desk, incoming)
    try:
        return _within_transaction(desk, incoming, _route(desk, incoming))
    except Refusal as refusal:
        return _apology(desk, incoming, refusals.refusal_reply(refusal))
    except Exception:  # the boundary: nothing unexpected may reach a person as a traceback
        incident = secrets.token_hex(3)
        log.exception("incident %s person %s", incident, incoming.person.id)
        return _apology(desk, incoming, refusals.incident_reply(incident))


def takes_long(incoming: Incoming) -> bool:
    """Tell whether an incoming is answered before the transaction, in seconds: a table sent in."""
    return incoming.upload is not None or _verb(incoming) in EARLY


def reads_everything(desk: Desk, incoming: Incoming) -> bool:
    """Tell whether the answer is figures over everything there is."""
    verb, *arguments = (incoming.token or "").split(":")
    if verb == DO:
        return arguments[:1] in [[name] for name in FIGURE_COMMANDS]
    if incoming.token is not None or incoming.upload is not None:
        return verb in FIGURES
    found = find_command(incoming.text or "")
    if found is not None:
        return found[0].name in FIGURE_COMMANDS
    return _asks_for_figures(desk, incoming, incoming.text or "")


def _asks_for_figures(desk: Desk, incoming: Incoming, text: str) -> bool:
    """Tell whether an overseer asks for figures in words of their own.

    A day or a period alone is the answer where a text is awaited: whose leave, until when.
    """
    if incoming.person.role not in OVERSEERS or not figure_words.reads(desk.base, text):
        return False
    if not figure_words.is_bare(text):
        return True
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    return conversation.awaiting is None


def _verb(incoming: Incoming) -> str:
    return (incoming.token or "").partition(":")[0]


def _masked(desk: Desk, incoming: Incoming) -> Incoming:
    """Mask personal data before anything sees the text, and drop what cannot be read.

    A phone that was asked for is read first, and only where it may be written at all.
    """
    if incoming.text is None:
        return incoming
    readable = "".join(c if c.isprintable() or c == "\n" else " " for c in incoming.text)
    phone = contacts.read_phone(readable) if _awaits_phone(desk, incoming) else None
    return replace(incoming, text=redact(readable).strip(), phone=phone)


def _awaits_phone(desk: Desk, incoming: Incoming) -> bool:
    if incoming.discreet or incoming.public:
        return False
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    return conversation.awaiting is Awaited.PHONE


def _route(desk: Desk, incoming: Incoming) -> Callable[[], Reply]:
    """Return what to do about an incoming; a question is understood here, before writing."""
    if incoming.token is not None:
        return _token_action(desk, incoming, incoming.token)
    if incoming.upload is not None:
        return _token_action(desk, incoming, "import")
    text = incoming.text or ""
    command = _command_action(desk, incoming, text)
    if command is not None:
        return command
    if text.startswith("/") and " " not in text:
        raise Refusal("command_unknown")
    if not READABLE.search(text):
        raise Refusal("nothing_readable")
    if len(text) > LONGEST_TEXT:
        raise Refusal("too_long", {"length": len(text), "limit": LONGEST_TEXT})
    return _text_action(desk, incoming, text)


def _token_action(desk: Desk, incoming: Incoming, token: str) -> Callable[[], Reply]:
    verb, *arguments = token.split(":")
    if verb == DO:
        _check_role(incoming, STAFF)
        if incoming.public:
            raise Refusal("private_only")
        return _run(desk, incoming, _command_of_button(incoming, tuple(arguments)), "")
    if verb == ASKED:
        return _asked_action(desk, incoming, arguments)
    route = TOKENS.get(verb) or FIGURES.get(verb) or EARLY.get(verb)
    if route is None:
        raise Refusal("button_unknown")
    _check_role(incoming, route.roles)
    if incoming.public and not route.public:
        raise Refusal("private_only")
    if verb in EARLY:
        reply = route.handler(desk, incoming, tuple(arguments))
        return lambda: _written_down(desk, incoming, route.deed, token, reply)
    if verb in FIGURES:
        with reading(desk.db):
            figures = route.handler(desk, incoming, tuple(arguments))
        return lambda: _written_down(desk, incoming, route.deed, token, figures)
    deed = route.deed if len(arguments) >= route.least else None
    return lambda: _written_down(
        desk, incoming, deed, token, route.handler(desk, incoming, tuple(arguments))
    )


def _written_down(
    desk: Desk, incoming: Incoming, deed: Deed | None, subject: str, reply: Reply
) -> Reply:
    """Write down what staff were given to see or have done; a refusal is no look."""
    if deed is not None and incoming.person.is_staff:
        record_deed(desk.db, incoming.person, deed, subject, now=desk.now())
    return reply


def _check_role(incoming: Incoming, roles: frozenset[Role]) -> None:
    if incoming.person.role not in roles:
        raise _not_your_role(incoming.person.role, roles)


def _not_your_role(role: Role, *roles: frozenset[Role]) -> Refusal:
    return Refusal("role", {"role": role, "roles": frozenset[Role]().union(*roles)})


def _command_action(desk: Desk, incoming: Incoming, text: str) -> Callable[[], Reply] | None:
    found = find_command(text)
    if found is None and _asks_for_figures(desk, incoming, text):
        found = next(c for c in COMMANDS if c.name == "today"), text
    if found is None and incoming.person.role in COUNTERS and roster.reads(text):
        found = next(c for c in COMMANDS if c.name == "leave"), text.strip()
    if found is None:
        return None
    command, argument = found
    if command.name in HOLDERS_ANSWERS and _awaits(desk, incoming):
        # 已提交 may be what somebody was asked to write.
        return None
    command = _for_role(command, text, incoming.person.role)
    if incoming.person.role not in command.roles:
        raise _not_your_role(incoming.person.role, command.roles)
    if incoming.public and not command.public:
        raise Refusal("private_only")
    return _run(desk, incoming, command, argument)


def _run(desk: Desk, incoming: Incoming, command: Command, argument: str) -> Callable[[], Reply]:
    """Return what carries a command out; figures are read now, before the transaction."""
    subject = f"{command.name}:{argument}".rstrip(":")
    if command.name in FIGURE_COMMANDS:
        with reading(desk.db):
            figures = command.handler(desk, incoming, argument)
        return lambda: _written_down(desk, incoming, command.deed, subject, figures)
    return lambda: _written_down(
        desk, incoming, command.deed, subject, command.handler(desk, incoming, argument)
    )


def _awaits(desk: Desk, incoming: Incoming) -> bool:
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    return conversation.awaiting is not None


def _for_role(command: Command, text: str, role: Role) -> Command:
    """Return the command of this name or word that a role may use.

    /mine is 我的办件 or 我的证照, 证照 the register or one's own, 提醒码 to make one or to use it.
    """
    if role in command.roles:
        return command
    word = text.strip().partition(" ")[0]
    by_name = word.startswith("/")
    named = (c for c in COMMANDS if (c.name == command.name if by_name else word in c.words))
    return next((c for c in named if role in c.roles), command)


def find_command(text: str) -> tuple[Command, str] | None:
    """Return the command a whole message names, with its argument.

    Latin commands start with a slash; Chinese words count only as the whole message, 绑定 and
    查… also with one argument after a space.
    """
    word, _, argument = text.strip().partition(" ")
    if word.startswith("/"):
        return _slash_command(word[1:].split("@")[0].lower(), argument.strip())
    for pattern, name in (
        (PERIOD_WORDS, "today"),
        (SLIP_NUMBER, "slip"),
        (ENQUIRY_NUMBER, "status"),
        (RECTIFICATION_NUMBER, "feedback"),
    ):
        if pattern.fullmatch(text.strip()):
            return next(c for c in COMMANDS if c.name == name), text.strip()
    for command in COMMANDS:
        if text.strip() in command.words:
            return command, ""
        takes_argument = command.name in WITH_ARGUMENT
        if takes_argument and word in command.words and " " not in argument.strip():
            return command, argument.strip()
    return None


def _slash_command(name: str, argument: str) -> tuple[Command, str] | None:
    kind, _, value = argument.partition("-")
    if name == "start" and value and kind in DEEP_LINKS:
        return DEEP_LINKS[kind], value
    return next(((c, argument) for c in COMMANDS if c.name == name), None)


def _text_action(desk: Desk, incoming: Incoming, text: str) -> Callable[[], Reply]:
    conversation = conversations.conversation_of(desk.db, incoming.person.id, now=desk.now())
    understood = _understand(desk, text, conversation.entry_id)
    awaited = conversation.awaiting if not incoming.public else None
    if awaited is not None and awaited in OWN_WORDS:
        token = f"{ASKED}:{awaited}:{conversation.awaiting_subject}"
        return lambda: _taken(desk, incoming, awaited, understood, token)
    if awaited is not None and _is_own_words(understood, awaited):
        about = conversation.awaiting_subject or ""
        return lambda: _written_down(
            desk,
            incoming,
            Deed.CHANGED if awaited in CLOCK_WORDS else None,
            f"{CLOCK_WORDS.get(awaited, '')}:{about.partition(':')[0]}",
            AWAITED[awaited](desk, incoming, text),
        )
    asked_back = awaited is not None
    return lambda: ask.answer_question(desk, incoming, understood, was_awaited=asked_back)


def _taken(
    desk: Desk, incoming: Incoming, awaited: Awaited, understood: Understanding, token: str
) -> Reply:
    """Take an awaited text for what was asked for; one that reads as a question may be asked."""
    text = incoming.text or ""
    reply = AWAITED[awaited](desk, incoming, text)
    is_sure = understood.outcome is Outcome.SURE and not understood.followed
    return questions.with_question_button(reply, text, token) if is_sure else reply


def _asked_action(desk: Desk, incoming: Incoming, arguments: list[str]) -> Callable[[], Reply]:
    """Answer words that were taken for a complaint or a reply; there they stay."""
    kind, subject = (*arguments, "", "")[:2]
    if kind not in TAKEN_WORDS or incoming.public:
        raise Refusal("button_unknown")
    text = TAKEN_WORDS[kind](desk, incoming, subject)
    understood = _understand(desk, text, None)
    return lambda: ask.answer_question(desk, incoming, understood)


def _understand(desk: Desk, text: str, last_entry: str | None) -> Understanding:
    known = last_entry if last_entry in desk.base.entries else None
    return desk.search.understand(text, last_entry=known)


def _is_own_words(understood: Understanding, awaited: Awaited) -> bool:
    """Tell whether an awaited text is what was asked for, and not a fresh question.

    What staff write to a citizen or about a rectification is always taken as such.
    """
    if awaited in STAFF_WORDS:
        return True
    return understood.followed or understood.outcome is not Outcome.SURE


def _within_transaction(desk: Desk, incoming: Incoming, action: Callable[[], Reply]) -> Reply:
    with transaction(desk.db):
        return _recorded(desk, incoming, action())


def _recorded(desk: Desk, incoming: Incoming, reply: Reply) -> Reply:
    """Record both sides and the receipt, in the transaction of the effect."""
    now = desk.now()
    # Who has just bound may have turned out to be somebody we know from another channel.
    person_id = people.joined_id(desk.db, incoming.person.id)
    if incoming.text:
        text = _without_code(incoming.text, incoming.person.role)
        messages.record_in(desk.db, person_id, incoming.channel, text, now=now)
    numbered = _numbered(desk, incoming, person_id, reply)
    if incoming.key is not None:
        packed = pack_reply(numbered)
        messages.put_receipt(desk.db, incoming.key, person_id, packed, now=now)
    return numbered


def _without_code(text: str, role: Role) -> str:
    """Keep a code that is used out of the history."""
    found = find_command(text)
    if found is None or not found[1]:
        return text
    return "绑定 ****" if _for_role(found[0], text, role).name == "bind" else text


def _numbered(desk: Desk, incoming: Incoming, person_id: int, reply: Reply) -> Reply:
    alone = replace(reply, then=())
    kept = pack_reply(alone) if incoming.channel is Channel.WEB else None
    number = messages.record_out(
        desk.db,
        person_id,
        incoming.channel,
        reply.text,
        kept,
        now=desk.now(),
        replaces=incoming.message if reply.replaces else None,
    )
    then = tuple(_numbered(desk, incoming, person_id, later) for later in reply.then)
    return replace(reply, number=number, then=then)


def _apology(desk: Desk, incoming: Incoming, reply: Reply) -> Reply:
    """Record a refusal or an apology; where even that fails, say it unrecorded."""
    try:
        return _within_transaction(desk, incoming, lambda: reply)
    except Exception:  # the boundary: a full disk must not turn an apology into a traceback
        log.exception("could not record a reply to person %s", incoming.person.id)
        return reply


def settle(desk: Desk, key: str) -> None:
    """Record that the reply to an event was accepted by its channel."""
    with transaction(desk.db):
        messages.settle_receipt(desk.db, key, now=desk.now())


def settle_later(desk: Desk, incoming: Incoming, reply: Reply) -> None:
    """Put a reply that could not be sent into the outbox, and settle its event."""
    assert incoming.key is not None
    alert = Alert(
        kind="reply",
        recipient=Recipient(person_id=incoming.person.id),
        facts={"reply": pack_reply(reply), "channel": incoming.channel},
        dedupe_key=f"reply:{incoming.key}",
    )
    with transaction(desk.db):
        outbox.put(desk.db, (alert,), now=desk.now())
        messages.settle_receipt(desk.db, incoming.key, now=desk.now())


def work_of(incoming: Incoming) -> menu.Work:
    """Return the words that are a person's own work as staff; none where others read along."""
    role = Role.CITIZEN if incoming.public else incoming.person.role
    return tuple(
        menu.Word(c.words[0], c.description, f"{DO}:{c.name}")
        for c in menu_for(role)
        if role is not Role.CITIZEN and Role.CITIZEN not in c.roles
    )


def menu_for(role: Role) -> tuple[Command, ...]:
    """Return the commands that stand in a role's menu, each name once.

    /mine is 我的办件 for a clerk, who may say 我的证照 all the same.
    """
    found: dict[str, Command] = {}
    for command in COMMANDS:
        if command.listed and role in command.roles:
            found.setdefault(command.name, command)
    return tuple(found.values())
