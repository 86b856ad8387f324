"""From start to the first 200 of /healthz, and resident memory: first time and with warm caches."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from tests.scenarios.program import start_program, write_config

RUNS = 5
SETTLE_SECONDS = 15


def main() -> None:
    """Print the figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_config(folder)
        first, memory = _measure(folder, rest=SETTLE_SECONDS)
        print(f"first start: {first:.2f} s to 200; {memory:.0f} MiB resident after training")
        warm = [_measure(folder, rest=2.0) for _ in range(RUNS)]
        seconds = sorted(each[0] for each in warm)
        print(
            f"warm start, {RUNS} runs: median {median(seconds):.2f} s "
            f"(min {seconds[0]:.2f}, max {seconds[-1]:.2f}); "
            f"{median(each[1] for each in warm):.0f} MiB resident"
        )


def _measure(folder: Path, *, rest: float) -> tuple[float, float]:
    began = time.perf_counter()
    program = start_program(folder, ())
    try:
        address = program.address()
        while not _is_healthy(address):
            time.sleep(0.01)
        spent = time.perf_counter() - began
        time.sleep(rest)
        return spent, psutil.Process(program.process.pid).memory_info().rss / 2**20
    finally:
        program.kill()


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError):
        return False
