"""What a citizen reads before and after a change, for the editor who decides about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import replace

from bot.answering import facts_for
from bot.desk import Desk, Knowledge, Library
from bot.dialogue import NOWHERE_PLACE
from bot.views.answer import answer_reply
from bot.views.knowledge import compared, opening_of
from knowledge.changes import touched_entries
from knowledge.checklist import UNCLEAR, first_questions
from knowledge.model import KnowledgeBase, ServicePackage

MOST_ENTRIES = 5
MOST_SITUATIONS = 24
