"""How fast files are imported: python -m benchmarks imports [--certificates=N].

Makes its own files in a temporary folder, imports them into a fresh database, and prints a table:
rows, seconds by the clock and of the processor, rows a second by each, the highest memory. On a
machine that others use as well the processor's column is the one to compare.
The plain figures beside ours are what the reader (calamine, csv) and SQLite take alone.
"""

from __future__ import annotations

import argparse
import csv
import gc
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from openpyxl import Workbook

from bot.clock import LOCAL
from bot.database import FILE_NAME, open_database, transaction
from bot.desk import Desk, Knowledge, Library, Links, WorkingDays
from bot.importing.columns import Kind
from bot.importing.sheets import open_book
from bot.importing.uploads import apply_plan, plan_file, preview_plan
from bot.loading import load_current
from bot.settings import Settings
from reminders.working_days import load_calendar

T = TypeVar("T")
CASES = 20_000
NOW = datetime(2025, 2, 6, 8, 0, tzinfo=LOCAL)
DISTRICTS = (
    "龙亭区",
    "顺河区",
    "鼓楼",
    "禹王台区",
    "祥符区",
    "杞县",
    "通许",
    "尉氏县",
    "兰考县",
    "市直",
)
KINDS = ("食品经营许可证", "药品经营许可证", "排污许可证", "道路运输证", "公共场所卫生许可证")
CASE_HEADER = (
    "申办号", "事项名称", "区县", "承办单位", "受理窗口", "工号", "经办人", "申请人", "身份证号",
    "受理时间", "承诺时限", "法定时限", "办件状态", "办结时间",
)  # fmt: skip
CERTIFICATE_HEADER = (
    "证照编号", "证照名称", "持证人", "发证机关", "所属区县", "有效期自", "有效期至", "证照状态",
    "住址",
)  # fmt: skip


def case_rows(number: int) -> Iterator[tuple[object, ...]]:
    """Yield rows as an export has them, one in a hundred with a bad date."""
    for n in range(number):
        accepted = date(2024, 11, 1) + timedelta(days=n % 90)
        done = accepted + timedelta(days=3) if n % 4 == 0 else None
        yield (
            f"4102002025{n:08d}",
            "不动产登记",
            DISTRICTS[n % len(DISTRICTS)],
            "自然资源局",
            "三号窗口",
            f"A{n % 400:03d}",
            f"张{n % 400}",
            "李某某",
            "",
            "2025/2/30" if n % 100 == 99 else f"{accepted:%Y/%m/%d} 09:30:00",
            f"{5 + n % 16}个工作日",
            "20",
            "已办结" if done else "在办",
            f"{done:%Y-%m-%d}" if done else "",
        )


def certificate_rows(number: int) -> Iterator[tuple[object, ...]]:
    """Yield rows of a register."""
    for n in range(number):
        begins = date(2020, 1, 1) + timedelta(days=n % 1500)
        yield (
            f"JY24102{n:09d}",
            KINDS[n % len(KINDS)],
            f"开封市第{n % 300_000}号商店",
            "市场监管局",
            DISTRICTS[n % len(DISTRICTS)],
            begins.isoformat(),
            f"{begins + timedelta(days=1826):%Y年%m月%d日}",
            "有效",
            "某街某号",
        )


def write_csv(path: Path, header: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> Path:
    """Write a csv in GBK, as Chinese Excel does."""
    with path.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def write_xlsx(path: Path, header: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> Path:
    """Write an xlsx with a title above the header."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("明细")
    sheet.append(["明细表"])
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def timed(name: str, rows: int, run: Callable[[], T]) -> T:
    """Run once and print what it took."""
    began, began_cpu = time.perf_counter(), time.process_time()
    result = run()
    show(name, rows, time.perf_counter() - began, time.process_time() - began_cpu)
    return result


def show(name: str, rows: int, seconds: float, processor: float) -> None:
    """Print rows, seconds and rows a second by the clock and of the processor, and memory."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{name:<40}{rows:>9}{seconds:>9.2f} s{rows / seconds:>9,.0f}/s"
        f"{processor:>9.2f} s{rows / processor:>9,.0f}/s{memory:>7} MiB"
    )


def read_only(path: Path) -> int:
    """Walk every line without looking at it."""
    return sum(1 for sheet in open_book(path, path.name).sheets for _ in sheet.lines())


def plain_sql(path: Path, rows: int) -> None:
    """Insert rows of the same width in one transaction, nothing else."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute(f"CREATE TABLE plain (number TEXT UNIQUE, {', '.join(f'c{i}' for i in range(13))})")
    marks = ", ".join("?" * 14)
    db.executemany(f"INSERT INTO plain VALUES ({marks})", case_rows(rows))
    db.commit()
    db.close()


def plain_certificates(path: Path, rows: int) -> None:
    """Insert the same rows into the same table with its indexes, checking nothing of them."""
    db = open_database(path)
    with transaction(db):
        db.conn.executemany(
            """INSERT INTO certificates (number, kind_key, kind, holder, issuer, department,
                   district, valid_from_on, expires_on, state, first_seen_on)
               VALUES (?1, ?2, ?2, ?3, ?4, 'market', ?5, ?6, date(?6, '+1826 days'), 'valid',
                   '2025-02-06')""",
            (row[:6] for row in certificate_rows(rows)),
        )
    db.close()


def make_desk(folder: Path, knowledge: Knowledge) -> Desk:
    """Return a desk over a fresh database."""
    calendar, _ = load_calendar(None)
    settings = Settings(data_dir=folder)
    db = open_database(folder / FILE_NAME)
    return Desk(db, Library(knowledge), WorkingDays(calendar), settings, lambda: NOW, Links())


def cases(folder: Path, knowledge: Knowledge) -> None:
    """Measure 20,000 cases, from xlsx and from csv."""
    for write, name in ((write_xlsx, "cases.xlsx"), (write_csv, "cases.csv")):
        home = folder / name.replace(".", "-")
        path = write(folder / name, CASE_HEADER, case_rows(CASES))
        desk = make_desk(home, knowledge)
        timed(f"{name}: read alone", CASES, partial(read_only, path))
        plan = timed(
            f"{name}: parse and plan",
            CASES,
            partial(plan_file, desk, Kind.CASES, path),
        )
        assert plan.refused == CASES // 100, plan.problems[:3]
        timed(f"{name}: dry run", CASES, partial(preview_plan, desk, plan))
        result = timed(
            f"{name}: apply, empty database",
            CASES,
            partial(apply_plan, desk, plan),
        )
        assert result.added == CASES - plan.refused, result
        again = write(folder / f"again-{name}", CASE_HEADER, case_rows(CASES - 1))
        second = plan_file(desk, Kind.CASES, again)
        timed(
            f"{name}: apply once more, one row less",
            CASES,
            partial(apply_plan, desk, second),
        )
    timed("plain SQLite insert", CASES, partial(plain_sql, folder / "plain.db", CASES))


def certificates(folder: Path, knowledge: Knowledge, number: int) -> None:
    """Measure a register; above 50,000 rows applying reads the file a second time."""
    desk = make_desk(folder / "certificates", knowledge)
    fewer = min(number, 100_000)
    path = write_csv(folder / "register.csv", CERTIFICATE_HEADER, certificate_rows(number))
    timed("register.csv: read alone", number, partial(read_only, path))
    began, began_cpu = time.perf_counter(), time.process_time()
    plan = timed(
        "register.csv: parse and plan", number, partial(plan_file, desk, Kind.CERTIFICATES, path)
    )
    assert plan.refused == 0, plan.problems[:3]
    result = timed("register.csv: apply, empty database", number, partial(apply_plan, desk, plan))
    assert result.added == number, result
    spent, spent_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    show("register.csv: end to end", number, spent, spent_cpu)
    again = write_csv(folder / "again.csv", CERTIFICATE_HEADER, certificate_rows(fewer - 1))
    second = plan_file(desk, Kind.CERTIFICATES, again)
    timed("register.csv: apply what is known", fewer - 1, partial(apply_plan, desk, second))
    timed("plain SQLite insert", number, partial(plain_certificates, folder / "plain.db", number))
    sheet = write_xlsx(folder / "register.xlsx", CERTIFICATE_HEADER, certificate_rows(fewer))
    timed("register.xlsx: read alone", fewer, partial(read_only, sheet))
    timed(
        "register.xlsx: parse and plan", fewer, partial(plan_file, desk, Kind.CERTIFICATES, sheet)
    )


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificates", type=int, default=200_000)
    number = parser.parse_known_args()[0].certificates
    gc.disable()  # as the command does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        knowledge, problems = load_current(Settings(data_dir=folder / "kb"), today=NOW.date())
        assert knowledge is not None, problems
        cases(folder, knowledge)
        certificates(folder, knowledge, number)


if __name__ == "__main__":
    main()
