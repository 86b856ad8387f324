"""挂起、恢复计时、延期 in words: what is asked for each, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import Button, Person, Reply
from bot.views.cases import MENU, short_number
from bot.views.refusals import ROLE_NAMES
from bot.views.text import format_day
from reminders.case_clock import PLATFORM
from reminders.case_work import Procedure
from reminders.cases import Case
from reminders.overdue import Standing

PROCEDURE_WORDS = {
    Procedure.HEARING: "听证",
    Procedure.BIDDING: "招标",
    Procedure.AUCTION: "拍卖",
    Procedure.INSPECTION: "检验",
    Procedure.TESTING: "检测",
    Procedure.QUARANTINE: "检疫",
    Procedure.APPRAISAL: "鉴定",
    Procedure.EXPERT_REVIEW: "专家评审",
    Procedure.SITE_VISIT: "现场勘验",
}
EXTENSIONS = ((5, "5 个工作日"), (10, "10 个工作日"), (15, "15 个工作日（联合办理）"))


def procedure_words(reason: str) -> str:
    """Name the procedure by which a clock stands, or that only the platform says so."""
    if reason == PLATFORM:
        return "平台显示挂起"
    return PROCEDURE_WORDS[Procedure(reason)] if reason in set(Procedure) else reason


def _back(case: Case) -> Button:
    return Button("回到这件", f"case:{case.id}")


def ask_procedure_reply(case: Case, procedures: Sequence[Procedure]) -> Reply:
    """Ask by which procedure the clock shall stand."""
    buttons = [Button(PROCEDURE_WORDS[p], f"casestop:{case.id}:{p.value}") for p in procedures]
    rows = [tuple(buttons[n : n + 3]) for n in range(0, len(buttons), 3)]
    return Reply(
        f"尾号 {short_number(case)} 因为什么挂起？只有这些特别程序的时间不计入时限"
        "（行政许可法第四十五条）。",
        buttons=(*rows, (_back(case), MENU)),
    )


def ask_document_reply(case: Case, procedure: Procedure) -> Reply:
    """Ask for the document that tells the applicant."""
    return Reply(
        f"尾号 {short_number(case)} 因{PROCEDURE_WORDS[procedure]}挂起，今天起停表。"
        "请发依据文书的名称或文号（书面告知申请人所需时间的那份），不要写姓名、电话。",
        buttons=((_back(case),),),
    )


def suspended_reply(case: Case, procedure: Procedure) -> Reply:
    """Confirm that the clock stands."""
    return Reply(
        f"尾号 {short_number(case)} 因{PROCEDURE_WORDS[procedure]}挂起，今天起不计时。程序一完就点"
        "“恢复计时”；请在平台上同样登记。",
        buttons=((Button("恢复计时", f"caseresume:{case.id}"), _back(case)),),
    )


def resumed_reply(case: Case, standing: Standing) -> Reply:
    """Confirm that the clock runs, with the new due day."""
    return Reply(
        f"尾号 {short_number(case)} 今天起恢复计时，{format_day(standing.due_on)}到期。"
        "请在平台上同样登记。",
        buttons=((Button("为什么是这天", f"casewhy:{case.id}"), _back(case)),),
    )


def ask_extension_reply(case: Case, standing: Standing) -> Reply:
    """Ask by how many days a limit is extended."""
    rows = [(Button(words, f"caseextend:{case.id}:{days}"),) for days, words in EXTENSIONS]
    return Reply(
        f"尾号 {short_number(case)} {format_day(standing.due_on)}到期，批准延期几天？"
        "只能延一次，须在到期之前，还要把理由告诉申请人（行政许可法第四十二条）。"
        "别的天数请直接发数字，比如 3。",
        buttons=(*rows, (_back(case), MENU)),
    )


def ask_reason_reply(case: Case, days: int) -> Reply:
    """Ask why a limit is extended."""
    return Reply(
        f"尾号 {short_number(case)} 延期 {days} 个工作日，理由是？请写一句话，不要写姓名、电话。",
        buttons=((_back(case),),),
    )


def ask_proof_reply(case: Case) -> Reply:
    """Ask how the applicant was told."""
    return Reply(
        f"尾号 {short_number(case)} 的延期怎么告诉申请人的？请写凭据，比如“延期告知书〔2025〕3号，"
        "2月6日送达”。",
        buttons=((_back(case),),),
    )


def days_unreadable_reply(case: Case) -> Reply:
    """Say that a number of days was expected."""
    return Reply(
        "没认出天数，请只发一个数字，比如 3；最多 10，联合办理最多 15。",
        buttons=((_back(case),),),
    )


def extended_reply(case: Case, standing: Standing, days: int) -> Reply:
    """Confirm an extension."""
    return Reply(
        f"尾号 {short_number(case)} 已批准延期 {days} 个工作日，{format_day(standing.due_on)}到期，"
        "已告诉经办人。请在平台上同样登记。",
        buttons=((_back(case), MENU),),
    )


def extended_told_reply(case: Case, standing: Standing, days: int) -> Reply:
    """Tell a handler that their case's limit was extended."""
    return Reply(
        f"尾号 {short_number(case)} 批准延期 {days} 个工作日，{format_day(standing.due_on)}到期。",
        buttons=((_back(case), MENU),),
    )


def approver_words(person: Person) -> str:
    """Name who approves, for the record."""
    return f"{ROLE_NAMES[person.role]}{person.name or ''}"
