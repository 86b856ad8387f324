"""What the page itself says: names of roles and periods, and plain sentences for refusals.

Replies are worded in bot/views; the fixed text of each page stands in its HTML under page/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Notice:
    """A short page that says why something is not shown and what to do instead."""

    title: str
    lines: tuple[str, ...]


# What a period of the dashboard is called in an address, and in words.
BOARD_PERIODS: Mapping[str, str] = MappingProxyType(
    {
        "today": "今日",
        "yesterday": "昨日",
        "week": "本周",
        "last_week": "上周",
        "month": "本月",
        "last_month": "上月",
    }
)

BOARD = "服务反馈看板"
FROM = "从"
TO = "到"
ALL = "全部"
DISTRICT = "区县"
WINDOW = "窗口"
ITEM = "事项"
DAY = "日期"
CHOOSE = "看"
CHART = "图"
RATES = "各率"
RATE_HEADER = ("指标", "率", "分子", "分母")
DISTRICTS = "按区县"
WINDOWS = "按窗口"
ITEMS = "按事项"
DAYS = "按天"
GOOD = "好评"
UNRATED = "未评"
COUNT_HEADER = ("好评", "差评", "未评")
BAD_ROWS = "差评"
BAD_HEADER = ("整改编号", "时间", "评价", "原因", "事项", "窗口", "省好差评", "备注")
SERVICE_HEADER = ("日期", "评价", "事项", "窗口", "省好差评")
VOIDED = "复核作废"
NOT_TOLD = "刚评，还可更正"
RECTIFICATIONS = "整改"
RECTIFICATION_HEADER = ("编号", "事项", "区县", "状态")
RECTIFICATION = "整改 {number}"
ANSWER_SHOWN = "当时给群众看的答复"
TO_HANDLE = "去对话里处理"
NO_ROWS = "没有（0）"
DOWNLOAD = "下载表格（Excel）"
SEE_ALL = "看全部"
EARLIER_PAGE = "上一页"
LATER_PAGE = "下一页"
BACK = "回看板"


def first_of(shown: int, total: int) -> str:
    """Say that a table is cut."""
    return f"只列前 {shown} 件，共 {total} 件。"


def rows_of(name: str, total: int, voided: int) -> str:
    """Say how many rows there are, and how many of them count no more."""
    void = f"，其中复核作废 {voided} 件" if voided else ""
    return f"{name} {total} 件{void}。"


def from_to(first: int, last: int, total: int) -> str:
    """Say which of the rows a page shows."""
    return f"第 {first} 至 {last} 件，共 {total} 件。"


WINDOW_UNKNOWN = "没有找到这个窗口的二维码，可能已经换了。不影响问，直接说您要办啥就行。"

UNEXPECTED = Notice("出了点小问题", ("刚才没办成，请再试一次。", "着急的话，请拨 12345。"))
NOT_FOUND = Notice("没有这一页", ("地址可能抄漏了字。", "办事要带啥，回首页问一声就行。"))
SLIP_UNKNOWN = Notice(
    "没有找到这张告知单",
    ("请核对编号：8 位日期，一横，再加 6 位字母和数字。", "也可以回首页重新问，马上再出一张。"),
)
SLIP_ENDED = Notice(
    "这张告知单已过期",
    ("材料要求可能变了，旧单子不再公开。", "请回首页重新问一次，马上给您最新的。"),
)
NO_UNITS = "还没有导入过办件数据。"
PROGRESS_UNKNOWN = Notice(
    "没查到这个编号",
    (
        "请照受理通知书（办件）或评价后的回复（反馈，Z 开头）核对，一位都不能差。",
        "刚受理的要等数据更新。",
        "着急请问受理窗口，或拨 12345。",
    ),
)
FEEDBACK_UNKNOWN = Notice(
    "没有这一页", ("请从收到的消息里重新打开链接。", "也可以凭编号在首页发“查反馈 编号”。")
)
PROGRESS_TOO_OFTEN = Notice("查得太勤了", ("请过十分钟再查。", "着急请问受理窗口，或拨 12345。"))
OUTSIDE_SCOPE = Notice("这个不归您管", ("只能看您自己管的。", "请回看板，从您管的往下看。"))
NO_DATA_YET = Notice("无数据", ("那天还没到，没有数。", "请回看板，换一个日子。"))
ADDRESS_WRONG = Notice("没看明白这个地址", ("日期或筛选不对。", "请回看板，在页面上再选一次。"))
NOT_FOR_YOU = Notice("这里没有您要看的内容", ("办事要带啥，回首页问一声就行。",))
JOIN_STAFF = "绑定工作人员身份"
JOIN_HOLDER = "订证照到期提醒"
JOIN_NOT_HERE = Notice(
    "共用平板上不能绑定", ("这台设备大家都在用，绑定后别人会看到您的内容。", "请用自己的手机扫码。")
)
CODE_MALFORMED = Notice(
    "这个码不对", ("码是 8 位字母和数字，请核对后再试。", "还不行，请给您码的人重发一个。")
)

BY_STATUS: Mapping[int, Notice] = MappingProxyType(
    {
        400: Notice("没看明白", ("刚才的请求不完整，请回首页再试一次。",)),
        403: Notice(
            "这一步没有做",
            ("请求不是从本页面发出的，为了安全没有执行。", "请回首页，在页面上再点一次。"),
        ),
        404: NOT_FOUND,
        405: Notice("这一页不能这样打开", ("请回首页，在页面上再点一次。",)),
        413: Notice(
            "太长了", ("一次说不了这么多，什么都没丢。", "请返回，挑要紧的说，分几次也行。")
        ),
        415: Notice("这里只收文字", ("请把要问的打成字再发。",)),
        421: Notice("演示只在本机打开", ("请用启动时显示的 127.0.0.1 地址打开。",)),
        500: UNEXPECTED,
    }
)


def notice_for(status: int) -> Notice:
    """Return what to say for an HTTP status."""
    return BY_STATUS.get(status, UNEXPECTED)
