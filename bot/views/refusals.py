"""The wording of every expected "no", and of an unexpected one. Each says what to do next."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from bot.dialogue import Button, Refusal, Reply, Role
from bot.views.rating import LEVELS
from bot.views.text import HOTLINE, format_day, format_full_day

MENU = Button("菜单", "menu")
HUMAN = Button("转人工", "human")

ROLE_NAMES = {
    Role.CITIZEN: "群众",
    Role.CLERK: "窗口人员",
    Role.LEAD: "窗口负责人",
    Role.DEPARTMENT: "证照科室",
    Role.SUPERVISOR: "督查人员",
    Role.EDITOR: "编辑",
    Role.ADMINISTRATOR: "管理员",
}

Facts = dict[str, Any]

_WORDING: dict[str, Callable[[Facts], str]] = {
    "entry_unknown": lambda _: "这件事已经不在清单里了，请打字再问一次。",
    "entry_paused": lambda f: f"“{f['name']}”暂停回答：{f['why']}。请到窗口或打 {HOTLINE} 问。",
    "entry_expired": lambda f: (
        f"“{f['name']}”的资料到 {format_full_day(f['on'])}该复核了，"
        f"怕说错，不再照旧讲。请打 {HOTLINE} 或到窗口问，材料以窗口答复为准。"
    ),
    "content_changed": lambda f: f"内容已更新，请点下面重新看“{f['name']}”。",
    "button_unknown": lambda _: "这个按钮已经失效，请点菜单，或直接打字问。",
    "role": lambda f: _not_your_role(f["role"], f["roles"]),
    "private_only": lambda _: "这项请私聊我，群里不办个人的事。",
    "too_long": lambda f: (
        f"您写了 {f['length']} 个字，太长了（最多 {f['limit']} 个字）。"
        "请用一两句话说：要办什么事，您是什么情况。"
    ),
    "interaction_unknown": lambda _: "没找到这次服务，请重新问一次再评价。",
    "not_rateable": lambda _: "这次不用评价。",
    "already_rated": lambda f: f"已评价：您选的是“{LEVELS[f['level']]}”。",
    "not_rated": lambda _: "这次还没有评价。",
    "too_late_to_correct": lambda f: (
        f"已评价：您选的是“{LEVELS[f['level']]}”，已经转给负责的人，不能再改；可以补充一句。"
    ),
    "reason_stands": lambda _: "原因已经转给负责的人，不能再加；可以补充一句。",
    "words_stand": lambda _: "原来写的已经转给负责的人，不能再改；可以补充一句。",
    "reason_not_asked": lambda _: "满意的评价不用选原因，谢谢您。",
    "addendum_exists": lambda _: "已经补充过一次了，谢谢您。",
    "too_late_for_addendum": lambda f: f"超过 {f['hours']} 小时，不能再补充了。",
    "code_unknown": lambda _: "绑定码不对。请核对后再发一次：绑定 空格 绑定码。",
    "code_used": lambda _: "这个绑定码已经用过了，请找管理员要新的。",
    "code_expired": lambda _: "这个绑定码过期了，请找管理员要新的。",
    "code_missing": lambda _: "请这样发：绑定 空格 绑定码，比如“绑定 ABCD2345”。",
    "code_not_allowed": lambda _: "您的身份不能发这种绑定码，请找管理员。",
    "certificate_unknown": lambda _: "没找到这张证照，或不归您看。请发“我的证照”或“证照”重新打开。",
    "certificate_code_used": lambda _: "这个提醒码用过了或失效了，请向发证窗口或科室要新的。",
    "certificate_code_expired": lambda _: "这个提醒码过期了，请向发证窗口或科室要新的。",
    "certificate_page_only": lambda _: (
        "这种证照涉及敏感个人信息，不经过 Telegram，请在网页上看和办。"
    ),
    "certificate_sheet_on_page": lambda _: "名单里有持证人信息，请在网页上导出。",
    "certificate_not_watched": lambda _: "这张证照已经续好、注销或长期有效，不用再处理。",
    "enquiry_unknown": lambda _: "没找到这个编号，请核对后再发一次。",
    "already_answered": lambda _: "这条留言已经有人回复了。",
    "slip_unknown": lambda _: "没找到这张告知单，请核对编号（8 位日期加 6 位字母数字）。",
    "slip_closed": lambda _: "这张告知单过了有效期，内容可能变了，请重新问一次。",
    "no_finish_day": lambda _: f"这件事开封没有确认过时限，算不出最晚哪天；请打 {HOTLINE} 问。",
    "day_unknown": lambda _: "没有这一天，请核对日期后再发，比如“2025-02-06 评价”。",
    "nothing_readable": lambda _: "没看到文字。请打字说要办什么事，比如“娃上户口要啥”。",
    "command_unknown": lambda _: "没有这个命令。要办什么事，直接打字问我；发“帮助”看能问什么。",
    "future_day": lambda _: "无数据：那天还没到。",
    "case_unknown": lambda _: "没有这件办件，或不归您管。发“我的办件”看自己的。",
    "case_not_open": lambda _: "这件已经办结了，不用再办。",
    "case_not_late": lambda _: "这件没有超期，不用说明原因。",
    "case_day_passed": lambda _: "那天已经过了，请选今天或以后。",
    "case_papers_too_late": lambda _: (
        "受理超过 5 个工作日，不能再要求补正：逾期不告知的，自收到材料之日起即为受理"
        "（行政许可法第三十二条）。"
    ),
    "case_papers_overdue": lambda _: (
        "这件已经超期，不能再记待补正：补正要在到期之前一次性告知（行政许可法第三十二条），"
        "超期后补正不重新起算。"
        "请尽快办结，并点“说明原因”；平台上早已告知补正的，请核对平台数据后重新导入。"
    ),
    "case_papers_asked_before": lambda _: "已经要求过一次补正，补正只能一次性告知，不能再停表。",
    "case_arrival_day": lambda _: "收齐材料的日子不对，请核对。",
    "case_not_offered": lambda _: "这件没有转给您，或已有人接收。",
    "case_offered_to_self": lambda _: "不能转给自己。",
    "progress_too_often": lambda _: "查得太勤了，请过十分钟再查；着急请问受理窗口，或拨 12345。",
    "case_document_missing": lambda _: "挂起要写明依据文书。",
    "case_site_visit": lambda _: (
        "现场勘验不停表；本地规定允许的，把设置 oversight.suspend_site_visit 改为 true。"
    ),
    "case_suspension_day": lambda _: "挂起的日子不对：不早于开始计时那天，也不与别的挂起重叠。",
    "case_extended_before": lambda _: "已经延期过一次，不能再延。",
    "case_extension_days": lambda _: "延期最多 10 个工作日，联合办理最多 15 个。",
    "case_extension_papers": lambda _: "延期要写明批准人、理由和告知申请人的凭据。",
    "case_extension_too_late": lambda _: "已经到期，不能再延期：延期须在到期之前批准。",
    "case_not_missing": lambda _: "这件还在最新数据里，不用在这里确认；办结后导入就更新。",
    "case_completion_day": lambda _: "办结的日子不对，请核对。",
    "leave_unreadable": lambda _: "没看懂日期。请写成“2月10日到2月12日”，只请一天就写“2月10日”。",
    "leave_no_such_day": lambda f: f"没有 {f['month']} 月 {f['day']} 日这一天，请核对后再发。",
    "leave_backwards": lambda _: "最后一天在第一天前面，请把早的那天写在前面再发。",
    "leave_over": lambda f: f"{format_day(f['to_on'])}已经过了，请写今天或以后的日期。",
    "leave_too_long": lambda _: "一次最多登记一年，请核对日期后再发。",
    "leave_unknown": lambda f: f"您的人员里没有“{f['who']}”。发“请假”看名单，点人登记。",
    "leave_going_on": lambda f: (
        f"正在请假，到{format_day(f['to_on'])}。请把两段连起来写，或等这段结束、点“回岗”后再登记。"
    ),
    "act_decided": lambda _: "这件已经签发或不签发了。",
    "act_step_done": lambda _: "这一步已经办了，不用再签发。",
    "act_provisional": lambda _: "到期日还是暂定的（等国务院放假安排），不能据此通报。",
    "staff_rating": lambda _: "工作人员不能评价，这次已记录。群众可以用自己的手机评。",
    "feedback_too_often": lambda _: "查得太勤了，请过十分钟再查；着急可以打 12345 问。",
    "rectification_unknown": lambda _: "没找到这个编号，请核对后再发一次。",
    "rectification_party": lambda _: (
        "这一步不能由您来做：承办人不能自己回访、办结，也不能复核自己的申诉。"
    ),
    "rectification_state": lambda _: "现在还不到这一步，或者已经办过了，请看最新状态。",
    "rectification_words": lambda _: "这一步要写几句话，请点按钮再写。",
    "rectification_appeal": lambda _: "已经申诉过，或者过了申诉的期限。",
    "rectification_anonymous": lambda _: "群众不要求联系，整改后由他人办结，不回访。",
    "rectification_rest_day": lambda _: "联系不上要记在三个不同的工作日，今天不是工作日。",
    "rectification_tried_today": lambda _: "今天已经记过一次联系不上，换个工作日再试。",
    "phone_on_page": lambda _: "电话不经 Telegram 传送，请在网页上留、在网页上查。",
    "phone_unreadable": lambda _: "没认出电话号码，请只发一个号码，或点取消。",
    "task_unknown": lambda _: "没找到这条，可能已经补好了。",
    "person_unknown": lambda f: f"没有叫“{f['name']}”的工作人员，或不归您管。发“操作记录”看全部。",
    "official_unknown": lambda _: "没找到这条省好差评，或不归您看。发“省好差评”看列表。",
    "official_taken": lambda _: "这次服务已经对应了另一条省好差评，请先把那条改回未同步。",
    "filter_unknown": lambda f: (
        f"没认出“{f['words']}”。可以写区县、窗口或事项，比如“龙亭区评价”“上户口 本月评价”，"
        "一次写一样。"
    ),
    "figures_unclear": lambda _: (
        "没看懂要看什么。可以发“本周”“差评清单”“排名”“未评价事项”“2月6日评价”，发“菜单”看您能做什么。"
    ),
    "outside_scope": lambda _: "这个不归您管，不能看。发“今日评价”看您管的。",
    "period_backwards": lambda _: "起止日子写反了，请把早的那天写在前面再发。",
    "too_few_to_rank": lambda f: f"评价不满 {f['least']} 个的不排名。",
    "sheet_on_page": lambda _: "表格不经 Telegram 传送，请在网页下载。",
    "gap_settled": lambda _: "这一组已经处理过了，发“知识缺口”看还有哪些。",
    "alias_clash": lambda f: f"这个说法不能加：{f['why']}",
    "knowledge_shipped": lambda _: (
        "知识库还是程序自带的那份，不能改。请管理员先运行 python -m bot knowledge init 文件夹，"
        "再把 config.yaml 的 knowledge_dir 指到那里。"
    ),
    "edit_unknown": lambda _: "没有这处修改，发“待审”看现在有哪些。",
    "edit_own": lambda _: "这是您自己提的修改，要另一位编辑来复核。",
    "edit_decided": lambda _: "这处修改已经有人处理了。",
    "nothing_awaited": lambda _: "没有要取消的内容。直接打字问我就行。",
}


def _not_your_role(role: Role, roles: Collection[Role]) -> str:
    """Say who may do it, and to a member of the staff where to find their own."""
    if role is Role.CITIZEN:
        return "这项是工作人员用的。您要办什么事？直接打字问我就行。"
    who = "、".join(name for one, name in ROLE_NAMES.items() if one in roles)
    return f"这项是{who}用的，您是{ROLE_NAMES[role]}。发“菜单”看您能做什么。"


def refusal_reply(refusal: Refusal) -> Reply:
    """Word an expected "no"."""
    text = _WORDING[refusal.reason](refusal.facts)
    if refusal.reason == "content_changed":
        button = Button("重新看", f"pick:{refusal.facts['entry']}")
        return Reply(text, buttons=((button,), (MENU,)))
    if refusal.facts.get("more") is not None:
        more = Button("补充一句", f"more:{refusal.facts['more']}")
        return Reply(text, buttons=((more,), (MENU, HUMAN)))
    if refusal.reason == "phone_unreadable":
        return Reply(text, buttons=((Button("取消", "menu"),),))
    return Reply(text, buttons=((MENU, HUMAN),))


def incident_reply(incident: str) -> Reply:
    """Apologise for the unexpected, with the number under which it was logged."""
    return Reply(
        f"出了点问题，没办成（编号 {incident}），已经记下来了。请再试一次；还不行就打 {HOTLINE}。",
        buttons=((MENU, HUMAN),),
    )
