"""Measure the search on labelled questions: by kind, with intervals, beside plain rapidfuzz.

A labelled file has the columns id, question, expected, kind, context, also_ok. In `expected`
all ids are required for kind `multi`, any one elsewhere; `out_of_scope` means `nothing`.
The search never trains on these rows.

    python -m benchmarks.understanding [FILE…] [--ablate] [--entries 3000]
"""

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from math import sqrt
from pathlib import Path
from types import ModuleType
from typing import Any

from rapidfuzz import fuzz, process

from knowledge.load import load_knowledge
from knowledge.search import augment, english, features, reading, training
from knowledge.search.engine import Search, build_search
from knowledge.search.gather import search_material
from knowledge.search.material import SearchEntry, SearchMaterial
from knowledge.search.understanding import Outcome, Understanding

OUTSIDE = "out_of_scope"
MULTI = "multi"
WORST = 20
ROOT = Path(__file__).parents[1]
KNOWLEDGE = ROOT / "knowledge" / "data"
OWN_QUESTIONS = ROOT / "tests" / "questions" / "own.csv"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled question."""

    id: str
    question: str
    expected: tuple[str, ...]
    kind: str
    context: str
    also_ok: tuple[str, ...]

    @property
    def is_outside(self) -> bool:
        """Tell whether the right outcome is `nothing`."""
        return self.expected == (OUTSIDE,)


@dataclass(frozen=True, slots=True)
class Scored:
    """One question with what came of it."""

    labelled: Labelled
    found: Understanding
    first: bool
    top_three: bool
    ms: float

    @property
    def is_fine(self) -> bool:
        """Tell whether the person was helped: right first, or rightly refused."""
        if self.labelled.is_outside:
            return self.found.outcome is Outcome.NOTHING
        return self.first and self.found.outcome is not Outcome.NOTHING


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % Wilson interval."""

    good: int
    total: int

    @property
    def value(self) -> float:
        """Give the share itself."""
        return self.good / self.total if self.total else 0.0

    def interval(self) -> tuple[float, float]:
        """Give the Wilson interval."""
        if not self.total:
            return 0.0, 1.0
        z, n, p = 1.96, self.total, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.value:.3f} [{low:.2f}–{high:.2f}] {self.good}/{self.total}"


def read_labelled(path: Path) -> list[Labelled]:
    """Read a labelled file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [
            Labelled(
                row["id"],
                row["question"],
                tuple(row["expected"].split("|")),
                row["kind"],
                row["context"] or "",
                tuple(filter(None, (row["also_ok"] or "").split("|"))),
            )
            for row in csv.DictReader(file)
        ]


def share(rows: Iterable[Scored], holds: Callable[[Scored], bool]) -> Share:
    """Count how many rows it holds for."""
    outcomes = [holds(row) for row in rows]
    return Share(sum(outcomes), len(outcomes))


def score(labelled: Labelled, found: Understanding, ms: float) -> Scored:
    """Compare what was understood with the label."""
    names = [candidate.entry_id for candidate in found.candidates]
    right = {*labelled.expected, *labelled.also_ok}
    if labelled.kind == MULTI:
        both = set(labelled.expected) <= set(names[:3])
        return Scored(labelled, found, bool(names) and names[0] in right, both, ms)
    return Scored(
        labelled, found, names[:1] != [] and names[0] in right, bool(right & set(names[:3])), ms
    )


def evaluate(search: Search, rows: Sequence[Labelled]) -> list[Scored]:
    """Ask every question, with the entry of the question before where there is one."""
    scored = []
    for row in rows:
        last = search.understand(row.context).candidates[0].entry_id if row.context else None
        begun = time.perf_counter()
        found = search.understand(row.question, last_entry=last)
        scored.append(score(row, found, (time.perf_counter() - begun) * 1000))
    return scored


def baseline(material: SearchMaterial, rows: Sequence[Labelled]) -> dict[str, Share]:
    """Rank by plain rapidfuzz WRatio over the raw wordings, as the comparison."""
    wordings = [(text, entry.id) for entry in material.entries for text in entry.wordings()]
    texts = [text for text, _ in wordings]
    first, third = defaultdict(list), defaultdict(list)
    for row in rows:
        if row.is_outside or row.kind == MULTI:
            continue
        ranked = process.extract(row.question, texts, scorer=fuzz.WRatio, limit=40)
        names = list(dict.fromkeys(wordings[at][1] for _, _, at in ranked))
        right = {*row.expected, *row.also_ok}
        for kind in (row.kind, "all"):
            first[kind].append(names[:1] != [] and names[0] in right)
            third[kind].append(bool(right & set(names[:3])))
    return {kind: Share(sum(hits), len(hits)) for kind, hits in first.items()} | {
        "all, top 3": Share(sum(third["all"]), len(third["all"]))
    }


def table(scored: Sequence[Scored], plain: dict[str, Share]) -> list[str]:
    """Lay the measures out in lines."""
    ours = [row for row in scored if not row.labelled.is_outside]
    single = [row for row in ours if row.labelled.kind != MULTI]
    outside = [row for row in scored if row.labelled.is_outside]
    multi = [row for row in ours if row.labelled.kind == MULTI]
    first, three = plain.get("all", Share(0, 0)), plain.get("all, top 3", Share(0, 0))
    wrong = share(single, lambda r: is_outcome(r, Outcome.SURE) and not r.first)
    lines = [
        f"第一名正确         {share(single, lambda r: r.first)}  rapidfuzz {first}",
        f"前三名有正确       {share(single, lambda r: r.top_three)}  rapidfuzz {three}",
        f"两件事都在前三     {share(multi, lambda r: r.top_three)}",
        f"两件事判为 several {share(multi, lambda r: is_outcome(r, Outcome.SEVERAL))}",
        f"单件事误判 several {share(single, lambda r: is_outcome(r, Outcome.SEVERAL))}",
        f"范围外被拒         {share(outside, lambda r: is_outcome(r, Outcome.NOTHING))}",
        f"范围内被接受       {share(ours, lambda r: not is_outcome(r, Outcome.NOTHING))}",
        f"sure 的比例        {share(single, lambda r: is_outcome(r, Outcome.SURE))}",
        f"sure 而错          {wrong}",
        f"范围外却 sure      {share(outside, lambda r: is_outcome(r, Outcome.SURE))}",
        *(by_kind(kind, scored, plain) for kind in sorted({r.labelled.kind for r in scored})),
    ]
    times = sorted(row.ms for row in scored)
    lines.append(f"毫秒 p50 {times[len(times) // 2]:.2f}  p95 {times[int(len(times) * 0.95)]:.2f}")
    return lines


def is_outcome(row: Scored, outcome: Outcome) -> bool:
    """Tell whether a row had this outcome."""
    return row.found.outcome is outcome


def by_kind(kind: str, scored: Sequence[Scored], plain: dict[str, Share]) -> str:
    """Lay out one kind in a line."""
    rows = [row for row in scored if row.labelled.kind == kind]
    inside = [row for row in rows if not row.labelled.is_outside]
    line = f"  {kind:<16}对或对拒 {share(rows, lambda r: r.is_fine)}"
    if not inside or kind == MULTI:
        return line
    line += f"  第一 {share(inside, lambda r: r.first)}"
    line += f"  前三 {share(inside, lambda r: r.top_three).value:.3f}"
    return line + (f"  rapidfuzz {plain[kind].value:.2f}" if kind in plain else "")


def worst(scored: Sequence[Scored]) -> list[str]:
    """List the errors that weigh most: certain and wrong first, then refused, then the rest."""

    def weight(row: Scored) -> float:
        certain = row.found.outcome is Outcome.SURE
        refused = row.found.outcome is Outcome.NOTHING
        return 2.0 * certain + 1.0 * refused + row.found.candidates[0].score

    wrong = sorted((row for row in scored if not row.is_fine), key=weight, reverse=True)
    return [
        f"{row.labelled.id} {row.labelled.kind} “{row.labelled.question[:40]}” 应为"
        f" {'|'.join(row.labelled.expected)}，{row.found.outcome}"
        f" {[(one.entry_id, round(one.score, 2)) for one in row.found.candidates[:3]]}"
        for row in wrong[:WORST]
    ]


def report(search: Search, material: SearchMaterial, rows: Sequence[Labelled]) -> list[str]:
    """Measure and describe, ready to print."""
    scored = evaluate(search, rows)
    return [*table(scored, baseline(material, rows)), "", "最重的错：", *worst(scored)]


def trained_search(material: SearchMaterial, cache_dir: Path | None = None) -> Search:
    """Build a search and train it."""
    search = build_search(material, cache_dir=cache_dir)
    search.train()
    return search


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the method, taken out by replacing a name in a module."""

    name: str
    module: ModuleType
    attribute: str
    replacement: Any


def parts() -> tuple[Part, ...]:
    """List what can be taken out, one at a time."""
    return (
        Part("不用读音", features, "_add_sounds", lambda names, sounds: None),
        Part("不用同义概念", features, "concepts", lambda text: set()),
        Part("不去掉“不是……”", features, "without_denied", lambda text: text),
        Part("不用英文词表", english, "translate", lambda words: ()),
        Part("不造变体", augment, "CHANGES", (lambda text, chance: text,) * augment.CHANGED),
        Part("不用最近说法", reading, "NEAREST_WEIGHT", 0.0),
        Part("不训练，只用最近说法", training, "is_enough", lambda corpus: False),
    )


def ablations(material: SearchMaterial, rows: Sequence[Labelled]) -> list[str]:
    """Say what each part buys: the main figures with it taken out."""
    lines = [_summary("全部", trained_search(material), rows)]
    for part in parts():
        kept = getattr(part.module, part.attribute)
        setattr(part.module, part.attribute, part.replacement)
        try:
            lines.append(_summary(part.name, trained_search(material), rows))
        finally:
            setattr(part.module, part.attribute, kept)
    bare = replace(material, entries=tuple(replace(e, sayings=()) for e in material.entries))
    lines.append(_summary("只学名称和别名", trained_search(bare), rows))
    return lines


def _summary(name: str, search: Search, rows: Sequence[Labelled]) -> str:
    scored = evaluate(search, rows)
    single = [r for r in scored if not r.labelled.is_outside and r.labelled.kind != MULTI]
    outside = [r for r in scored if r.labelled.is_outside]
    return (
        f"{name:<12} 第一 {share(single, lambda r: r.first).value:.3f}"
        f" 前三 {share(single, lambda r: r.top_three).value:.3f}"
        f" 拒 {share(outside, lambda r: is_outcome(r, Outcome.NOTHING)).value:.3f}"
        f" 收 {share(single, lambda r: not is_outcome(r, Outcome.NOTHING)).value:.3f}"
        f" sure 错 {share(single, lambda r: is_outcome(r, Outcome.SURE) and not r.first).value:.3f}"
    )


_THINGS = (
    "河道采砂 林木采伐 种子生产 农药经营 兽药经营 饲料生产 水产苗种 取水 排污 辐射安全 "
    "危险废物 放射诊疗 母婴保健 医疗机构 护士执业 医师执业 血液运输 消毒产品 生鲜乳收购 "
    "动物防疫 拖拉机驾驶 船舶检验 航道施工 港口经营 公路占用 燃气经营 供热经营 城市绿地 "
    "户外广告 桥梁检测 文物修复 考古发掘 电影放映 出版物零售 印刷经营 卫星电视 广播电台 "
    "互联网上网 歌舞娱乐 游泳场所 射击场 彩票站点 民办学校 校车使用 教师资格 慈善募捐 "
    "社会团体 基金会 宗教场所 殡葬设施 地名命名 测绘资质 地图审核 矿产勘查 采矿 土地复垦 "
    "临时用地 建设规划 施工图审 招标代理 造价咨询 监理资质 房产估价 物业备案 白蚁防治 "
    "防雷检测 气象设施 特种设备 计量器具 检验检测 认证机构 工业产品 烟花爆竹 民用爆炸 "
    "剧毒化学 易制毒品 安全评价 非煤矿山 电力设施 新能源站 充电设施 粮食收购 成品油零售 "
    "典当行 拍卖行 报废汽车 二手车市场 直销企业 对外劳务 技术进出口 外商投资 会计代理 "
    "资产评估 小额贷款 融资担保 保险中介 律师事务 公证机构 司法鉴定 仲裁 法律援助站 "
    "养老机构 托育机构 福利企业 军粮供应 国防教育 人防工程 档案寄存 保密资质 无线电台 "
    "邮政快递"
).split()
_ACTS = (
    "许可证核发 资质延续 注销备案 变更登记 年度检验 补证换证 项目核准 方案审批 人员备案 "
    "场地验收 等级评定 临时许可 信息公示 事故报告 标识申领 设备登记 名录入库 资金拨付 "
    "合同备案 从业考核 延期审查 用途变更 现场核查 委托备案 季度报送 停业报告 分支机构 "
    "跨区作业"
).split()


def padded(material: SearchMaterial, count: int) -> SearchMaterial:
    """Add generated entries up to a count: what a whole city's list would hold."""
    made = (
        SearchEntry(
            f"made_{number}",
            f"{thing}{act}",
            (f"{thing}怎么{act}", f"办理{thing}{act}要啥", f"{thing}的{act}"),
        )
        for number, (act, thing) in enumerate(product(_ACTS, _THINGS))
    )
    missing = max(0, count - len(material.entries))
    return replace(material, entries=(*material.entries, *islice(made, missing)))


def main() -> None:
    """Print the table of each file, and on request what each part buys, or with many entries."""
    parser = argparse.ArgumentParser(description="量一量理解问题的本事")
    parser.add_argument("files", nargs="*", type=Path, default=[OWN_QUESTIONS])
    parser.add_argument("--ablate", action="store_true", help="逐个去掉各部分再量")
    parser.add_argument("--entries", type=int, default=0, help="补到这么多条目再量")
    wanted = parser.parse_args()
    base, problems = load_knowledge(KNOWLEDGE)
    if base is None:
        raise SystemExit("知识库有误：" + "；".join(map(str, problems[:3])))
    material = padded(search_material(base), wanted.entries)
    begun = time.perf_counter()
    search = trained_search(material)
    print(f"条目 {len(material.entries)}，建立和训练 {time.perf_counter() - begun:.1f} 秒")
    for file in wanted.files:
        rows = read_labelled(file)
        print(f"\n{file.name}：{len(rows)} 句")
        print("\n".join(report(search, material, rows)))
        if wanted.ablate:
            print("\n去掉一部分之后：", *ablations(material, rows), sep="\n")


if __name__ == "__main__":
    main()
