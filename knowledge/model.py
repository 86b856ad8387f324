"""The shape of the knowledge base: what an editor may write, and what the program may rely on.

Everything here is a frozen pydantic model read from YAML. Conditions select, they never compute:
`when: {question: [options]}` holds if every named question was answered with one of the options.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
When = Mapping[Id, tuple[Id, ...]]


class Piece(BaseModel):
    """A frozen part of the knowledge base; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Confidence(StrEnum):
    """How sure a fact is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Online(StrEnum):
    """How far the matter can be settled without going to a window."""

    FULL = "full"
    THEN_WINDOW = "then_window"
    WINDOW = "window"


class HandIn(StrEnum):
    """The form in which a material is handed in."""

    ORIGINAL = "original"
    COPY = "copy"
    UPLOAD = "upload"


class Unit(StrEnum):
    """What a number of days counts."""

    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"


class ExemptBy(StrEnum):
    """The mechanism that makes handing in unnecessary (免提交)."""

    E_CERTIFICATE = "e_certificate"
    SHARED_DATA = "shared_data"
    FILLED_FORM = "filled_form"


class Source(Piece):
    """A document a fact rests on."""

    id: Id | Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,31}$")]
    title: Text
    place: Text = Field(description="全国、河南省、开封市，或别处的名字")
    confidence: Confidence
    url: str | None = None
    published_on: str | None = Field(None, description="文件日期，照原样写")
    checked_on: date = Field(description="编辑核对的日期")
    note: str | None = None


class Fact(Piece):
    """Anything stated on the authority of a source, for some people, for some time."""

    source: str = Field(description="本条目 sources 里的 id")
    confidence: Confidence | None = Field(None, description="缺省随来源")
    checked_on: date | None = Field(None, description="缺省随来源")
    confirmed_by: str | None = Field(None, description="哪个单位确认过")
    when: When = Field(default_factory=dict)
    districts: tuple[str, ...] = Field((), description="只适用于这些区县；空为全市")
    valid_from: date | None = None
    valid_to: date | None = None


class Limit(Fact):
    """A time limit (时限) of the whole or of one item."""

    kind: Literal["statutory", "promised"]
    item: Id | None = None
    days: int | None = Field(None, ge=0, description="0 即办；null 未知")
    unit: Unit = Unit.WORKING_DAY
    text: str | None = Field(None, description="数字说不清的写在这里")


class Exempt(Fact):
    """Why and how a material need not be handed in (免提交)."""

    by: ExemptBy
    how: Text
    fallback: Text = Field(description="调不到时怎么办")
    after_step: Id | None = Field(None, description="哪一步办完才有这本电子证照")


class Deferrable(Fact):
    """A material that may follow after acceptance (容缺)."""

    days: int | None = Field(None, ge=1)
    unit: Unit = Unit.WORKING_DAY
    late: str | None = Field(None, description="逾期不补的后果")


class Declarable(Fact):
    """A material that a written declaration replaces (告知承诺)."""

    excluded: str | None = Field(None, description="哪些人不能用承诺")
    consequence: str | None = Field(None, description="承诺不实的后果")


class Material(Fact):
    """One paper (材料) of an entry."""

    id: Id
    name: Text | None = Field(None, description="缺省随共用材料")
    shared: Id | None = Field(None, description="materials.yaml 里的 id")
    serves: tuple[Id, ...] = Field((), description="用于哪些事项")
    optional: bool = Field(False, description="可带可不带")
    any_of: Id | None = Field(None, description="同组任带一样")
    holder: str | None = Field(None, description="谁的证件、谁签字")
    hand_in: HandIn | None = None
    copies: int | None = Field(None, ge=0, description="复印件几份；null 未知")
    pieces: int | None = Field(None, ge=1, description="同样的要几件")
    issuer: str | None = Field(None, description="谁出具，没有去哪办")
    reason: str | None = Field(None, description="为什么要")
    note: str | None = None
    exempt: Exempt | None = None
    deferrable: Deferrable | None = None
    declarable: Declarable | None = None


class Option(Piece):
    """One answer (选项) to a question."""

    id: Id
    label: Text = Field(description="按钮上的字，不超过 14 个字")
    words: tuple[str, ...] = Field((), description="别人话里出现这些词就预选它")
    phrase: str | None = Field(None, description="接在“如果”后面的话；缺省用 label")


class Question(Piece):
    """A question about the person's situation (情形)."""

    id: Id
    ask: Text
    options: tuple[Option, ...] = Field(min_length=2)
    first: bool = Field(False, description="决定走哪条路，先问")
    conditions: tuple[Text, ...] = Field((), description="关卡题：要都符合的条件")
    why: str | None = Field(None, description="为什么问")
    when: When = Field(default_factory=dict)
    source: str | None = None

    @field_validator("options")
    @classmethod
    def _at_most_thirty(cls, options: tuple[Option, ...]) -> tuple[Option, ...]:
        if len(options) > 30:
            raise ValueError("一个问题最多 30 个选项")
        return options


class Item(Fact):
    """One service item (事项) bundled in an entry."""

    id: Id
    name: Text
    department: Id | None = Field(None, description="departments.yaml 里的 id")
    handled_at: str | None = Field(None, description="如：助产机构、拟落户派出所")
    result: str | None = None
    extension: bool = Field(False, description="延伸服务，不在主件内")


class Period(Piece):
    """A stretch of time attached to a step."""

    days: int | None = Field(None, ge=0)
    unit: Unit = Unit.CALENDAR_DAY
    text: Text


class Step(Fact):
    """One step (步骤), in order."""

    id: Id
    text: Text
    where: str | None = None
    wait: Period | None = Field(None, description="办完这步要等多久")
    within: Period | None = Field(None, description="最晚什么时候之前要办")
    ahead: Period | None = Field(None, description="最早可以提前多久办")
    gives: str | None = Field(None, description="这步之后拿到什么")


class Note(Fact):
    """A sentence of fact: a condition, a trap, a fee, a result."""

    text: Text


class Fee(Note):
    """What it costs."""

    amount: str | None = Field(None, description="免费写 0")
    item: Id | None = None


class Route(Fact):
    """How it is done for some answers: which doors are open."""

    id: Id
    online: Online | None = None
    text: str | None = Field(None, description="一句话说明这条路")
    papers_after: tuple[Id, ...] = Field((), description="网办后仍要到窗交的材料 id")


class Location(Fact):
    """Where to go."""

    place: Id | None = Field(None, description="places.yaml 里的 id；缺省按区县大厅")
    text: str | None = Field(None, description="如：拟落户派出所")
    window: str | None = None
    phone: str | None = None


class OnlineChannel(Fact):
    """Where it can be done online."""

    name: Text
    path: str | None = None
    url: str | None = None


class Permission(Fact):
    """Whether something is allowed: an agent, another place."""

    allowed: bool | None = None
    text: Text


class LegalBasis(Piece):
    """What it rests on in law."""

    title: Text
    source: str | None = None


class Override(Piece):
    """A district's difference (县区口径): pieces of the same id replace the city's, others join."""

    districts: tuple[str, ...] = Field(min_length=1)
    materials: tuple[Material, ...] = ()
    without_materials: tuple[Id, ...] = ()
    limits: tuple[Limit, ...] = ()
    locations: tuple[Location, ...] = ()
    fees: tuple[Fee, ...] = ()
    notes: tuple[Note, ...] = ()


class Kind(StrEnum):
    """What an entry is."""

    PACKAGE = "package"
    ITEM = "item"


class ServicePackage(Piece):
    """An entry (条目) of the knowledge base: a 一件事 package or a single item."""

    id: Id
    name: Text
    short_name: Text = Field(description="人话，上按钮，不超过 10 个字")
    kind: Kind
    summary: Text = Field(description="一两句话说清怎么办")
    aliases: tuple[Text, ...]
    golden: tuple[Text, ...] = Field((), description="必须认得出的问法；改坏了不放行")
    audience: str | None = None
    owner: str | None = Field(None, description="departments.yaml 里的 id：谁负责这条")
    review_on: date = Field(description="该复核的日子（黄）")
    expires_on: date | None = Field(None, description="过了这天不再当事实讲（红）")
    paused: str | None = Field(None, description="暂停回答的原因")
    certificate_kinds: tuple[str, ...] = Field((), description="办下来的证照种类")
    renews: tuple[str, ...] = Field((), description="能办哪些证照的延续")
    routes: tuple[Route, ...] = Field((), description="按情形的办理方式，先写的先看")
    items: tuple[Item, ...] = ()
    questions: tuple[Question, ...] = ()
    conditions: tuple[Note, ...] = ()
    not_supported: tuple[Note, ...] = ()
    materials: tuple[Material, ...] = ()
    prepare: tuple[Note, ...] = Field((), description="要想好、要备好的信息")
    steps: tuple[Step, ...] = ()
    limits: tuple[Limit, ...] = ()
    fees: tuple[Fee, ...] = ()
    locations: tuple[Location, ...] = ()
    channels: tuple[OnlineChannel, ...] = ()
    hotlines: tuple[Text, ...] = ()
    results: tuple[Note, ...] = ()
    traps: tuple[Note, ...] = ()
    agent: Permission | None = None
    elsewhere: Permission | None = None
    legal_basis: tuple[LegalBasis, ...] = ()
    overrides: tuple[Override, ...] = ()
    editor_notes: tuple[Text, ...] = Field((), description="给编辑看：矛盾、待核实；不给群众看")
    sources: tuple[Source, ...] = Field(min_length=1)

    @cached_property
    def sources_by_id(self) -> dict[str, Source]:
        """Return the sources by their ids."""
        return {source.id: source for source in self.sources}

    @cached_property
    def questions_by_id(self) -> dict[str, Question]:
        """Return the questions by their ids; conditions look them up all the time."""
        return {question.id: question for question in self.questions}

    @cached_property
    def content_hash(self) -> str:
        """Return a hash of the whole entry, under which a version is kept."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def source(self, source_id: str) -> Source:
        """Return the source with this id; raise KeyError if there is none."""
        return self.sources_by_id[source_id]

    def question(self, question_id: str) -> Question:
        """Return the question with this id; raise KeyError if there is none."""
        return self.questions_by_id[question_id]


class SharedMaterial(Piece):
    """A paper that many entries ask for (共用材料), defined once."""

    id: Id
    name: Text
    issuer: str | None = None
    e_certificate: str | None = Field(None, description="有没有电子证照，怎么亮")
    note: str | None = None


class Department(Piece):
    """An office that owns entries or issues certificates."""

    id: Id
    name: Text
    names: tuple[Text, ...] = ()
    phone: str | None = None


class District(Piece):
    """A county or city district (区县) with all its names."""

    id: Id
    name: Text
    names: tuple[Text, ...] = ()


class Hours(Piece):
    """Opening hours on working days."""

    text: Text = Field(description="如：工作日 9:00-12:00，13:00-17:00")
    source: Text


class Window(Piece):
    """A counter in a hall."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    name: Text
    sample: bool = Field(False, description="示例窗口，真实清单未知")


class Place(Piece):
    """A hall (大厅)."""

    id: Id
    name: Text
    district: str | None = None
    address: str | None = None
    phone: str | None = None
    hours: Hours | None = None
    windows: tuple[Window, ...] = ()
    source: str | None = None
    checked_on: date | None = None


class Notice(Piece):
    """A temporary notice (临时通知) for a hall or a window."""

    id: Id
    text: Text
    place: Id | None = None
    window: str | None = None
    from_on: date
    to_on: date


class SignpostKind(StrEnum):
    """What sort of door a signpost is."""

    CRISIS = "crisis"
    EMERGENCY = "emergency"
    HELPLINE = "helpline"
    ELSEWHERE = "elsewhere"
    COUNTER = "counter"
    HUMAN = "human"
    SMALL_TALK = "small_talk"


class Signpost(Piece):
    """The right door for what is not ours."""

    id: Id
    kind: SignpostKind
    name: Text
    phone: str | None = None
    hours: str | None = None
    answer: Text
    phrases: tuple[Text, ...]
    source: str | None = None
    confidence: Confidence | None = None


class AfterClosing(StrEnum):
    """What follows when the last day to apply for renewal is past."""

    LATE_ALLOWED = "late_allowed"
    NEW_APPLICATION = "new_application"
    ASK_ISSUER = "ask_issuer"


class Lead(Piece):
    """A distance before expiry."""

    value: int = Field(ge=0)
    unit: Unit


class CertificateKind(Piece):
    """A kind of certificate (证照种类) and the rule of its renewal."""

    id: Id
    name: Text
    names: tuple[Text, ...] = ()
    issuer: str | None = None
    department: Id | None = Field(None, description="发证机关对应的部门；说不准是哪家就不写")
    validity: str | None = None
    validity_years: float | None = None
    renewable: bool = Field(True, description="能不能延续；不能的到期就失效，再办要重新申请")
    opens: Lead | None = Field(None, description="到期前多久起可以申请")
    closes: Lead | None = Field(None, description="最晚到期前多久申请")
    after_closing: AfterClosing = AfterClosing.ASK_ISSUER
    after_closing_text: str | None = None
    renewal_entry: Id | None = Field(None, description="有延续清单的条目")
    renewal_answers: Mapping[str, str] = Field(
        default_factory=dict, description="打开延续清单时先替人答好的问题：选项"
    )
    renewal_text: str | None = None
    periodic_check: str | None = None
    follow_on: Id | None = Field(None, description="首次发证后可接着办的条目")
    follow_on_answers: Mapping[str, str] = Field(
        default_factory=dict, description="打开接着办的清单时先替人答好的问题：选项"
    )
    legal_basis: str | None = None
    note: str | None = None
    confidence: Confidence
    sources: tuple[Source, ...] = ()


class KnowledgeBase(Piece):
    """Everything the rule book says."""

    version: str = Field(description="内容的散列")
    entries: Mapping[str, ServicePackage]
    materials: Mapping[str, SharedMaterial] = Field(default_factory=dict)
    departments: Mapping[str, Department] = Field(default_factory=dict)
    districts: tuple[District, ...] = ()
    places: Mapping[str, Place] = Field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    certificates: Mapping[str, CertificateKind] = Field(default_factory=dict)
    signposts: Mapping[str, Signpost] = Field(default_factory=dict)
    sayings: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    out_of_scope: tuple[str, ...] = ()


LOCAL_PLACES = ("全国", "国家", "河南省", "开封市", "河南省开封市")


def is_local(source: Source) -> bool:
    """Tell whether a source speaks for Kaifeng: national, Henan-wide or Kaifeng's own."""
    return source.place in LOCAL_PLACES or source.place.startswith(("开封市", "河南省开封市"))


def is_trusted(source: Source, fact: Fact) -> bool:
    """Tell whether a fact may lighten a person's load: local, and not of low confidence."""
    confidence = fact.confidence or source.confidence
    return bool(fact.confirmed_by) or (is_local(source) and confidence is not Confidence.LOW)
