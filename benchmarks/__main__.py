"""make bench: every figure the project promises, measured and printed; nothing is asserted.

python -m benchmarks                 all of them
python -m benchmarks start telegram  only these
"""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = {
    "start": "from start to the first 200 of /healthz; resident memory",
    "telegram": "CPU per update against an echo bot that makes the same API calls",
    "ratings": "a million ratings: counts, a month by window, one more written",
    "figures": "questions answered while a dashboard over a million ratings is computed",
    "answers": "rendering every path of every entry",
    "cases": "20,000 open cases: import, dry run, sweeps, /overdue and /mine",
    "certificates": "a register of a million: import, daily sweep, /certificates, plain SQL",
    "imports": "20,000 cases and a register read from xlsx and csv, beside reader and SQLite",
    "knowledge": "a rule book of 3,000 entries: cold, warm, memory; answers during a reload",
    "alerts": "10,000 digests put and rendered",
    "delivery": "how fast the outbox goes out, by how fast Telegram answers",
    "understanding": "the search, by kind of question, beside plain rapidfuzz",
}


def main() -> None:
    """Run the benchmarks named, else all that need no further arguments."""
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(BENCHMARKS)
    for name in names:
        print(f"\n## {name}: {BENCHMARKS.get(name, '')}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
