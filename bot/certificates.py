"""From the rule book and the settings to what the rules of reminders take."""

from __future__ import annotations

from bot.settings import Settings
from knowledge.model import CertificateKind, KnowledgeBase
from knowledge.model import Lead as KnownLead
from reminders.certificate_rules import (
    AfterClosing,
    Certainty,
    KindRule,
    Lead,
    LeadUnit,
    Rules,
)


def kinds_of(base: KnowledgeBase) -> dict[str, KindRule]:
    """Return the renewal rule of every kind of certificate."""
    return {kind.id: _rule(kind) for kind in base.certificates.values()}


def _rule(kind: CertificateKind) -> KindRule:
    return KindRule(
        id=kind.id,
        opens=_lead(kind.opens),
        closes=_lead(kind.closes),
        after_closing=AfterClosing(kind.after_closing),
        certainty=Certainty(kind.confidence),
    )


def _lead(lead: KnownLead | None) -> Lead | None:
    return None if lead is None else Lead(lead.value, LeadUnit(lead.unit))


def kind_ids_by_name(base: KnowledgeBase) -> dict[str, str]:
    """Return the id of every kind by each of its names."""
    return {
        name: kind.id for kind in base.certificates.values() for name in (*kind.names, kind.name)
    }


def rules_of(settings: Settings) -> Rules:
    """Return the numbers of the three colours as the settings have them."""
    chosen = settings.certificate
    return Rules(
        days_left=chosen.days_left,
        days_to_filing_day=chosen.days_to_filing_day,
        lead_days=chosen.lead_days,
        messages=chosen.messages,
        filing_day_messages=chosen.filing_day_messages,
        manual_at=chosen.manual_at,
        excluded_kinds=frozenset(chosen.excluded_kinds),
    )
