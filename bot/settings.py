"""Settings: config.yaml and the environment in, one frozen tree out. All problems at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from reminders.overdue import Level, Override, Rules, Rung
from reminders.rectification_rules import RectificationRules

TOKEN_VARIABLE = "TELEGRAM_BOT_TOKEN"  # noqa: S105 - the name of a variable, not a secret
SHIPPED_KNOWLEDGE = Path(__file__).resolve().parent.parent / "knowledge" / "data"
CONFIG_NAME = "config.yaml"
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class Part(BaseModel):
    """A frozen part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Enabled(StrEnum):
    """Whether Telegram is used: auto means where there is a token."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


def _yaml_boolean(value: object) -> object:
    """Read YAML's on and off, which arrive as booleans."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


Switch = Annotated[Enabled, BeforeValidator(_yaml_boolean)]


class PersonalData(StrEnum):
    """Whether personal data may pass through Telegram."""

    DENY = "deny"
    ALLOW = "allow"


class Webhook(Part):
    """How Telegram reaches us in webhook mode."""

    url: str | None = Field(None, description="公网 https 地址，Telegram 往这里送消息")
    path: str = Field("/telegram", description="地址里的路径")
    secret: SecretStr | None = Field(None, description="Telegram 每次带来的暗号，防假冒")


class TelegramSettings(Part):
    """The Telegram channel."""

    enabled: Switch = Field(Enabled.AUTO, description="auto 有令牌就开；on；off")
    token_file: Path | None = Field(None, description="放令牌的文件；或用环境变量")
    base_url: str = Field("https://api.telegram.org/bot", description="Bot API 地址")
    base_file_url: str = Field("https://api.telegram.org/file/bot", description="文件地址")
    proxy: str | None = Field(None, description="代理，收发都走，如 socks5://127.0.0.1:1080")
    mode: Literal["polling", "webhook"] = Field("polling", description="polling 或 webhook")
    username: str | None = Field(None, description="机器人用户名；不填启动后自动得知")
    personal_data: PersonalData = Field(
        PersonalData.DENY, description="deny 不让个人信息经过 Telegram；allow 须先做过评估"
    )
    at_once: int = Field(
        1, ge=1, le=8, description="提醒同时在途几条；程序被强行中止时最多重复这么多条"
    )
    webhook: Webhook = Webhook()


class WebSettings(Part):
    """The web page."""

    enabled: bool = Field(True, description="开不开网页")
    host: str = Field("127.0.0.1", description="监听地址")
    port: int = Field(8000, ge=0, le=65535, description="端口；0 自动找空的")
    public_url: str | None = Field(None, description="群众打开的地址，须 https")
    footer: str | None = Field(None, description="页脚，如备案号")
    kiosk: bool = Field(False, description="大厅共用平板：换下一位时全清")
    staff_session_days: int = Field(180, ge=1, description="工作人员几天没用网页就要重新绑定")

    @model_validator(mode="after")
    def _public_only_behind_https(self) -> Self:
        """Refuse to listen for other machines without the https address people use."""
        if self.host not in LOOPBACK_HOSTS and self.public_url is None:
            raise ValueError(
                f"监听 {self.host} 就是对外开放：请在前面放 https 反向代理，并填 public_url；"
                "只在本机用就写 127.0.0.1"
            )
        return self

    @field_validator("public_url")
    @classmethod
    def _https_only(cls, value: str | None) -> str | None:
        """Refuse a public address that anyone on the way could read."""
        local = ("http://127.0.0.1", "http://localhost", "http://[::1]")
        if value is not None and not value.startswith(("https://", *local)):
            raise ValueError("公网地址必须是 https 开头：http 会让群众的话在路上被人看见")
        return value.rstrip("/") if value else value


class RatingSettings(Part):
    """Ratings (服务反馈)."""

    official_url: str = Field("https://www.hnzwfw.gov.cn/", description="省好差评入口")
    correct_minutes: int = Field(10, ge=0, description="点错了几分钟内可改")
    addendum_hours: int = Field(24, ge=0, description="几小时内可补充一次")
    invite_after_days: int = Field(3, ge=1, description="没评的几天后邀请一次")
    invite_at: str = Field("10:00", description="几点发邀请")
    min_for_rate: int = Field(20, ge=1, description="少于这么多评价只给数不给率")


class InteractionSettings(Part):
    """When one topic ends."""

    silence_minutes: int = Field(30, ge=1, description="静默多少分钟算一次服务结束")


class PrivacySettings(Part):
    """How long personal data are kept."""

    chat_days: int = Field(180, ge=1, description="问答保存天数")
    contact_days_after_close: int = Field(90, ge=0, description="电话在办结后保存天数")
    slip_days: int = Field(180, ge=1, description="告知单公开页的有效天数")
    contact: str = Field("12345", description="个人信息事务联系方式")


class HumanSettings(Part):
    """The people behind 转人工."""

    desk: str = Field("咨询台", description="人工台名称")
    phone: str | None = Field(None, description="人工台电话；不填给 12345")
    opens: str = Field("09:00", description="上班时间")
    closes: str = Field("17:00", description="下班时间")
    due_working_days: int = Field(1, ge=0, description="留言几个工作日内回复")


LadderLevel = Literal["handler", "lead", "department", "district", "city"]


class Ladder(Part):
    """Who is told at each rung of the ladder."""

    remind: tuple[LadderLevel, ...] = Field(
        ("handler", "district"), description="提醒（即将超期、今日到期）告诉谁"
    )
    chase: tuple[LadderLevel, ...] = Field(
        ("handler", "district", "lead", "department"), description="催办（超期第一天）告诉谁"
    )
    intervene: tuple[LadderLevel, ...] = Field(
        ("handler", "district", "lead", "department", "city"), description="督办签发后告诉谁"
    )
    bulletin: tuple[LadderLevel, ...] = Field(
        ("handler", "district", "lead", "department", "city"), description="通报签发后告诉谁"
    )


class OversightOverride(Part):
    """Other numbers for an entry, a district, or an entry there."""

    entry: str | None = Field(None, description="条目编号；不填是所有条目")
    district: str | None = Field(None, description="区县全称；不填是全市")
    warn_wd: int | None = Field(None, ge=0, description="剩几个工作日起黄灯")
    red_card_wd: int | None = Field(None, ge=1, description="超期几个工作日起红牌")


class OversightSettings(Part):
    """Supervision of deadlines (电子监察)."""

    warn_wd_short: int = Field(1, ge=0, description="短承诺剩几个工作日起黄灯")
    short_max_wd: int = Field(5, ge=0, description="几个工作日以内算短承诺")
    warn_wd_long: int = Field(3, ge=0, description="其他承诺剩几个工作日起黄灯")
    red_card_wd: int = Field(3, ge=1, description="超期几个工作日起红牌、督办")
    circular_wd_after_urge: int = Field(5, ge=1, description="催办后几个工作日没说明就拟通报")
    correction_notice_wd: int = Field(5, ge=1, description="受理后几个工作日内可要求补正")
    suspend_site_visit: bool = Field(False, description="现场勘验停不停表")
    send_at: tuple[str, ...] = Field(
        ("08:30", "14:30"), min_length=1, description="工作日几点发汇总"
    )
    quiet_from: str = Field("18:00", description="几点起不再发")
    ladder: Ladder = Ladder()
    overrides: tuple[OversightOverride, ...] = Field((), description="个别条目、区县的天数")

    @field_validator("send_at", "quiet_from")
    @classmethod
    def _times_only(cls, value: tuple[str, ...] | str) -> tuple[str, ...] | str:
        """Refuse what is no time of day; without quotes YAML reads 08:30 as a number."""
        for text in (value,) if isinstance(value, str) else value:
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
                raise ValueError(f'{text} 不是时刻，请写成 "08:30"，带引号')
        return value

    def rules(self) -> Rules:
        """Return the numbers in the form the rules take."""
        of_rung = {
            Rung.REMIND: self.ladder.remind,
            Rung.DUE_TODAY: self.ladder.remind,
            Rung.CHASE: self.ladder.chase,
            Rung.INTERVENE: self.ladder.intervene,
            Rung.BULLETIN: self.ladder.bulletin,
        }
        return Rules(
            warn_days_short=self.warn_wd_short,
            short_max_days=self.short_max_wd,
            warn_days_long=self.warn_wd_long,
            red_card_days=self.red_card_wd,
            bulletin_days_after_chase=self.circular_wd_after_urge,
            papers_notice_days=self.correction_notice_wd,
            send_at=tuple(sorted(time.fromisoformat(at) for at in self.send_at)),
            quiet_from=time.fromisoformat(self.quiet_from),
            ladder=tuple((rung, tuple(map(Level, names))) for rung, names in of_rung.items()),
            overrides=tuple(
                Override(o.entry, o.district, o.warn_wd, o.red_card_wd) for o in self.overrides
            ),
        )


class RotationSettings(Part):
    """The monthly rotation (轮岗) between groups of a window's staff."""

    groups: tuple[str, ...] = Field(("企航组", "民护组"), description="轮岗的组，依次轮换")
    automatic: bool = Field(True, description="每月第一个工作日自动轮岗；关掉就用命令")
    at: str = Field("08:15", description="那天几点轮岗；要早于第一次汇总")

    @field_validator("at")
    @classmethod
    def _time_only(cls, value: str) -> str:
        """Refuse what is no time of day; without quotes YAML reads 08:15 as a number."""
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError(f'{value} 不是时刻，请写成 "08:15"，带引号')
        return value

    @field_validator("groups")
    @classmethod
    def _different(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a group named twice, and one group alone."""
        if len(value) < 2 or len(set(value)) < len(value):
            raise ValueError("至少写两个组，名称不能重复")
        return value


RobotKind = Literal["wecom", "dingtalk", "feishu"]
RobotRole = Literal["clerk", "lead", "department", "supervisor"]
ROBOT_VARIABLE = "ROBOT_URL_"


class RobotSettings(Part):
    """A group robot; whoever knows its address can write to the group, so it is a secret."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="名字，小写字母、数字")
    kind: RobotKind = Field(description="wecom 企业微信；dingtalk 钉钉；feishu 飞书")
    url: SecretStr | None = Field(None, description="机器人地址；最好不写在这里")
    url_file: Path | None = Field(None, description="放地址的文件；或设环境变量 ROBOT_URL_名字")
    secret: SecretStr | None = Field(None, description="钉钉、飞书的加签密钥")
    districts: tuple[str, ...] = Field((), description="说哪些区县的办件；不写是全市")
    roles: tuple[RobotRole, ...] = Field(
        ("clerk", "lead"), min_length=1, description="群里是什么人；有 supervisor 才说待签发数"
    )


class Palette(Part):
    """How each level of a certificate looks; words always stand beside a colour."""

    early: str = Field("绿", min_length=1, max_length=4, description="提前提示的颜色")
    near: str = Field("黄", min_length=1, max_length=4, description="预警的颜色")
    urgent: str = Field("红", min_length=1, max_length=4, description="紧急的颜色")
    expired: str = Field("⚫", min_length=1, max_length=4, description="已过期的颜色")


WeekdayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Days = Annotated[int, Field(ge=0, le=730)]


class CertificateSettings(Part):
    """Alerts before certificates end, in calendar days, from early to urgent."""

    palette: Palette = Palette()
    days_left: tuple[Days, Days, Days] = Field((90, 60, 30), description="离到期几天进三级")
    days_to_filing_day: tuple[Days, Days, Days] = Field(
        (60, 30, 0), description="离最晚申请日几天进三级"
    )
    lead_days: int = Field(30, ge=0, le=730, description="法规没写时到期前几天申请")
    messages: tuple[Days, ...] = Field((90, 60, 30, 7, 3, 0), description="到期前几天提醒")
    filing_day_messages: tuple[Days, ...] = Field((15, 0), description="最晚申请日前几天提醒")
    manual_at: int = Field(3, ge=0, le=90, description="没送到的剩几天交人工")
    send_at: str = Field("08:10", description="每天几点查、几点发")
    digest_on: WeekdayName = Field("mon", description="科室每周汇总在星期几")
    excluded_kinds: tuple[str, ...] = Field((), description="整类不提醒的证照种类编号")
    sensitive_kinds: tuple[str, ...] = Field(
        ("disability_card", "food_health_cert", "public_place_health_cert"),
        description="涉及健康、未成年人的证照种类编号",
    )

    @field_validator("days_left", "days_to_filing_day")
    @classmethod
    def _descending(cls, value: tuple[int, int, int]) -> tuple[int, int, int]:
        """Refuse levels out of order."""
        if not value[0] > value[1] > value[2]:
            raise ValueError("三个天数要从大到小，依次是绿、黄、红")
        return value

    @field_validator("send_at")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        """Refuse what is no time of day."""
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("请写成 08:10 这样的时间，并加引号")
        return value


class RectificationSettings(Part):
    """What follows a bad rating (差评整改), in working days."""

    contact_wd: int = Field(1, ge=0, description="评价后几个工作日内联系")
    rectify_wd: int = Field(5, ge=1, description="评价后几个工作日内整改")
    rectify_complex_wd: int = Field(15, ge=1, description="复杂的几个工作日内整改，须写原因")
    follow_up_wd: int = Field(3, ge=0, description="整改后几个工作日内回访")
    appeal_wd: int = Field(5, ge=0, description="几个工作日内可申诉")
    review_wd: int = Field(5, ge=1, description="申诉后几个工作日内复核")
    settle_wd: int = Field(5, ge=1, description="再次不满意后几个工作日内由主管单位处理")
    tries: int = Field(3, ge=1, description="联系不上要试几个不同的工作日")

    def rules(self, tell_after_minutes: int) -> RectificationRules:
        """Return the numbers in the form the rules take."""
        return RectificationRules(
            contact_days=self.contact_wd,
            rectify_days=self.rectify_wd,
            complex_days=self.rectify_complex_wd,
            follow_up_days=self.follow_up_wd,
            appeal_days=self.appeal_wd,
            review_days=self.review_wd,
            settle_days=self.settle_wd,
            tell_after_minutes=tell_after_minutes,
            tries=self.tries,
        )


class IntegritySettings(Part):
    """From where on ratings look odd; they are flagged, never deleted."""

    a_day: int = Field(5, ge=1, description="一个账号一天超过几次")
    seconds: int = Field(5, ge=0, description="答复后几秒内就评价")
    burst: int = Field(10, ge=1, description="一个窗口短时间内超过几次")
    burst_minutes: int = Field(10, ge=1, description="短时间是几分钟")
    same_words: int = Field(3, ge=2, description="同样的话出现几次")


class SummarySettings(Part):
    """The daily summary to supervisors, on working days."""

    at: str = Field("17:30", description="几点发当日小结")
    full_day_at: str = Field("08:30", description="次日几点发全天数")

    @field_validator("at", "full_day_at")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        """Refuse what is no time of day."""
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("请写成 17:30 这样的时间，并加引号")
        return value


RoundingName = Literal["down", "half_up"]
IndicatorName = Literal[
    "active_rating_rate",
    "good_rate",
    "active_good_rate",
    "unrated_rate",
    "item_coverage_rate",
    "department_coverage_rate",
    "on_time_rectification_rate",
    "on_time_follow_up_rate",
    "reply_rate",
    "followed_up_and_rectified_rate",
    "satisfied_at_follow_up_rate",
    "qualified_staff_rate",
]


class StaffSettings(Part):
    """What is asked of window staff."""

    target_rate: str = Field("70%", description="持证上岗率的目标，整数百分比，加引号")
    op: Literal[">=", ">"] = Field(">=", description=">= 是“以上”（含本数），> 是“超过”")

    @field_validator("target_rate")
    @classmethod
    def _percentage(cls, value: str) -> str:
        """Refuse what is no whole percentage."""
        if not re.fullmatch(r"(\d{1,2}|100)%", value):
            raise ValueError('请写成 "70%" 这样的整数百分比，并加引号')
        return value

    @model_validator(mode="after")
    def _reachable(self) -> StaffSettings:
        """Refuse a target that nobody can meet."""
        if self.target_rate == "100%" and self.op == ">":
            raise ValueError("超过 100% 做不到，请改用 >=")
        return self


class RateSettings(Part):
    """How rates are printed."""

    active_rate_base: Literal["total", "services"] = Field(
        "total", description="主动评价率除以：total 评价数量，services 服务次数"
    )
    rounding: Mapping[IndicatorName, RoundingName] = Field(
        {"item_coverage_rate": "half_up"}, description="各率怎么取两位小数，没写的截断"
    )
    zero_by_zero_duty: str = Field("100.00%", description="整改、回访、回复率 0/0 印什么")
    zero_by_zero_other: str = Field("—", description="其他率 0/0 印什么")


class KnowledgeSettings(Part):
    """How the knowledge base may be changed."""

    two_person: bool = Field(
        True, description="Excel、对话、知识缺口的修改要第二位编辑同意；演示里不用"
    )
    review_at: str = Field("08:20", description="每天几点提醒快到复核日的条目")

    @field_validator("review_at")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        """Refuse what is no time of day."""
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("请写成 08:20 这样的时间，并加引号")
        return value


class SearchSettings(Part):
    """Understanding of questions."""

    encoder: Switch = Field(Enabled.OFF, description="句向量编码器；off 不用")


class Settings(Part):
    """All settings. Relative paths count from the folder of config.yaml."""

    city: str = Field("开封市", description="城市名")
    organiser: str = Field("开封市政务服务和大数据管理局", description="主办单位")
    data_dir: Path = Field(Path("data"), description="数据文件夹")
    knowledge_dir: Path = Field(SHIPPED_KNOWLEDGE, description="知识库文件夹；缺省用自带的")
    telegram: TelegramSettings = TelegramSettings()
    web: WebSettings = WebSettings()
    ratings: RatingSettings = RatingSettings()
    interaction: InteractionSettings = InteractionSettings()
    privacy: PrivacySettings = PrivacySettings()
    human: HumanSettings = HumanSettings()
    oversight: OversightSettings = OversightSettings()
    rotation: RotationSettings = RotationSettings()
    robots: tuple[RobotSettings, ...] = Field((), description="企业微信、钉钉、飞书的群机器人")
    certificate: CertificateSettings = CertificateSettings()
    rectification: RectificationSettings = RectificationSettings()
    integrity: IntegritySettings = IntegritySettings()
    summary: SummarySettings = SummarySettings()
    rates: RateSettings = RateSettings()
    staff: StaffSettings = StaffSettings()
    search: SearchSettings = SearchSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="日志详略")
    demo: bool = Field(False, exclude=True, description="演示方式；由命令行决定，不写在文件里")
    telegram_token: SecretStr | None = Field(
        None, exclude=True, description="由环境变量或 token_file 得来，不写在文件里"
    )

    @field_validator("robots")
    @classmethod
    def _named_once(cls, value: tuple[RobotSettings, ...]) -> tuple[RobotSettings, ...]:
        """Refuse two robots of one name: the outbox tells them apart by it."""
        if len({robot.name for robot in value}) < len(value):
            raise ValueError("机器人的 name 不能重复")
        return value

    def rectification_rules(self) -> RectificationRules:
        """Return the numbers of 差评整改; the unit is told when a mis-tap can no longer be one."""
        return self.rectification.rules(self.ratings.correct_minutes)


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """What is wrong in the settings, and where."""

    file: str
    line: int | None
    key: str
    text: str

    def __str__(self) -> str:
        """Say it in one line."""
        at = f"{self.file}:{self.line}" if self.line else self.file
        return f"{at}  {self.key}：{self.text}" if self.key else f"{at}  {self.text}"


def demo_settings(folder: Path) -> Settings:
    """Return the settings of the demonstration, with its data under `folder`/data/demo."""
    return Settings(data_dir=folder / "data" / "demo", demo=True)


def load_settings(
    path: Path, environment: Mapping[str, str]
) -> tuple[Settings | None, tuple[SettingsProblem, ...]]:
    """Read config.yaml; return the settings, or None and every problem found."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, (SettingsProblem(path.name, None, "", "找不到这个文件，请核对路径"),)
    except (OSError, UnicodeDecodeError) as error:
        reason = "不是 UTF-8 文字" if isinstance(error, UnicodeDecodeError) else "读不了"
        return None, (SettingsProblem(path.name, None, "", f"{reason}，请检查文件"),)
    try:
        written = yaml.safe_load(text)
        lines = _lines(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        return None, (SettingsProblem(path.name, line, "", "YAML 写法有误，看看缩进和冒号"),)
    if written is not None and not isinstance(written, dict):
        return None, (SettingsProblem(path.name, 1, "", "应当是“键: 值”的形式"),)
    return _validated(path, written or {}, lines, environment)


def _validated(
    path: Path,
    written: dict[str, Any],
    lines: Mapping[tuple[str, ...], int],
    environment: Mapping[str, str],
) -> tuple[Settings | None, tuple[SettingsProblem, ...]]:
    problems = [
        SettingsProblem(path.name, lines.get((key,)), key, "这一项不写在文件里，请删去")
        for key in ("demo", "telegram_token")
        if key in written
    ]
    try:
        settings = Settings.model_validate(written)
    except ValidationError as error:
        problems += [_problem(path, lines, detail) for detail in error.errors()]
        return None, tuple(problems)
    if problems:
        return None, tuple(problems)
    settings = _anchored(settings, path.parent)
    settings, robot_problems = _with_robots(settings, path, environment)
    if robot_problems:
        return None, robot_problems
    return _with_token(settings, path, environment)


def _with_robots(
    settings: Settings, path: Path, environment: Mapping[str, str]
) -> tuple[Settings, tuple[SettingsProblem, ...]]:
    """Give each robot its address: from the environment, its file, or the settings."""
    robots, problems = [], []
    for number, robot in enumerate(settings.robots):
        url, variable = robot.url, ROBOT_VARIABLE + robot.name.upper()
        text = environment.get(variable, "").strip()
        if not text and robot.url_file is not None:
            try:
                text = robot.url_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                said = f"读不了 {robot.url_file.name}；请核对路径和权限"
                problems.append(SettingsProblem(path.name, None, f"robots.{number}", said))
                continue
        url = SecretStr(text) if text else url
        if url is None or not _is_robot_address(url.get_secret_value()):
            said = f"缺地址或不是 https；请写 url_file，或设环境变量 {variable}"
            problems.append(SettingsProblem(path.name, None, f"robots.{number}", said))
            continue
        robots.append(robot.model_copy(update={"url": url}))
    return settings.model_copy(update={"robots": tuple(robots)}), tuple(problems)


def _is_robot_address(url: str) -> bool:
    """Tell whether an address may be posted to: https, or this very machine."""
    return url.startswith(("https://", "http://127.0.0.1:", "http://localhost:"))


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Make relative paths count from the folder of config.yaml."""
    token_file = settings.telegram.token_file
    telegram = settings.telegram.model_copy(
        update={"token_file": folder / token_file if token_file else None}
    )
    return settings.model_copy(
        update={
            "data_dir": folder / settings.data_dir,
            "knowledge_dir": folder / settings.knowledge_dir,
            "telegram": telegram,
            "robots": tuple(
                robot.model_copy(update={"url_file": folder / robot.url_file})
                if robot.url_file
                else robot
                for robot in settings.robots
            ),
        }
    )


def _with_token(
    settings: Settings, path: Path, environment: Mapping[str, str]
) -> tuple[Settings | None, tuple[SettingsProblem, ...]]:
    token = environment.get(TOKEN_VARIABLE, "").strip()
    token_file = settings.telegram.token_file
    if not token and token_file is not None:
        try:
            token = token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            text = f"读不了 {token_file.name}；请核对路径和权限，或删去这一项"
            return None, (SettingsProblem(path.name, None, "telegram.token_file", text),)
    secret = SecretStr(token) if token else None
    return settings.model_copy(update={"telegram_token": secret}), ()


def with_environment_token(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """Add the token of the environment, for settings that came from no file."""
    token = environment.get(TOKEN_VARIABLE, "").strip()
    return settings.model_copy(update={"telegram_token": SecretStr(token) if token else None})


def _problem(path: Path, lines: Mapping[tuple[str, ...], int], detail: Any) -> SettingsProblem:
    at = tuple(str(part) for part in detail["loc"])
    return SettingsProblem(path.name, lines.get(at), ".".join(at), _in_words(detail))


def _in_words(detail: Any) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return "没有这个设置，请核对拼写（config.example.yaml 里有全部设置）"
        case "missing":
            return "必须填写"
        case "value_error":
            return str(detail["ctx"]["error"])
        case "enum" | "literal_error":
            return f"只能填 {detail['ctx']['expected']}，现在是 {detail['input']!r}"
        case "int_parsing" | "int_type" | "int_from_float":
            return f"要填整数，现在是 {detail['input']!r}"
        case "bool_parsing" | "bool_type":
            return f"要填 true 或 false，现在是 {detail['input']!r}"
        case "greater_than_equal" | "less_than_equal":
            return f"超出范围，现在是 {detail['input']!r}"
        case "model_type" | "dict_type":
            return "下面应当还有缩进的小项"
        case _:
            return f"填得不对，现在是 {detail['input']!r}"


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Map each key's path to its line."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return dict(_key_lines(root, ())) if isinstance(root, yaml.MappingNode) else {}


def _key_lines(node: yaml.MappingNode, above: tuple[str, ...]) -> list[tuple[tuple[str, ...], int]]:
    found = []
    for key, value in node.value:
        path = (*above, str(key.value))
        found.append((path, key.start_mark.line + 1))
        if isinstance(value, yaml.MappingNode):
            found += _key_lines(value, path)
    return found
