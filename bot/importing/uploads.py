"""Import from the desk: the importer of each kind, and the two steps of a file sent in chat.

A handler calls `plan_upload`, shows what `preview_plan` says, and after 确认 calls `apply_plan`.
Both may take seconds and belong into a worker thread with its own connection.
"""

from __future__ import annotations

from typing import Any

from bot.desk import Desk
from bot.importing.apply import Importer, Result, Statement, apply, preview
from bot.importing.cases import CaseImporter
from bot.importing.columns import Kind
from bot.importing.plan import Plan, Progress, make_plan, no_progress, unreadable
from bot.importing.sheets import MEGABYTE, UnreadableFile, open_book
from bot.importing.staff import StaffImporter
from bot.importing.values import names_of

UPLOAD_LIMIT = 20 * MEGABYTE
"""The largest file by chat or page; Telegram itself hands bots no more (issue 5)."""

PROPOSED = Statement()
