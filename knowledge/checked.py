"""What the rules across entries found, remembered by content: a start need not apply them again.

Only a set without any mistake in the single files is remembered; the rules' own source is part
of the key, and so is the day, since some rules look at it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge.problems import Problem, Severity

KEPT = 8


def remembered(
    apply_rules: Callable[[], tuple[Problem, ...]],
    version: str,
    *,
    today: date,
    cache_dir: Path | None,
) -> tuple[Problem, ...]:
    """Return what the rules found for this content today, applying them where nobody has."""
    if cache_dir is None:
        return apply_rules()
    path = cache_dir / f"checked-{version}-{today.isoformat()}-{_rules_hash()}.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Problem(file, line, Severity(s), text) for file, line, s, text in rows)
    except (OSError, ValueError):
        found = apply_rules()
    _remember(path, found)
    return found


def _remember(path: Path, found: tuple[Problem, ...]) -> None:
    rows = [[p.file, p.line, p.severity, p.text] for p in found]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        for old in sorted(path.parent.glob("checked-*.json"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return


def _rules_hash() -> str:
    """Digest the source of the rules and of what they stand on."""
    here = Path(__file__).parent
    sources = (*sorted((here / "checks").glob("*.py")), here / "check.py", here / "checklist.py")
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    return digest.hexdigest()[:12]
