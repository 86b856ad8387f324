"""What a certificate's kind decides about it: one that cannot be renewed, one without a rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from bot.certificates import run_certificates
from bot.clock import LOCAL
from bot.database import transaction
from bot.desk import Desk
from bot.dialogue import Role, Scope
from bot.views.alerts import render_alert
from reminders import outbox
from reminders.certificate_holders import make_opt_in_code
from reminders.certificates import (
    Certificate,
    CertificateRow,
    apply_certificates,
    begin_import,
    certificate_by_id,
    certificates_by_number,
)
from tests.conftest import Clock, Talker

ENDS = date(2025, 6, 30)


@pytest.fixture
def market(somebody: Callable[..., Talker], clock: Clock) -> Talker:
    clock.at = datetime(2025, 6, 20, 9, tzinfo=LOCAL)
    return somebody("market", Role.DEPARTMENT, Scope(None, "market"))


def taken(desk: Desk, kind: str, kind_id: str | None, **more: Any) -> Certificate:
    row = CertificateRow(
        "KF0001", kind, kind_id, "示例公司", department="market", expires_on=ENDS, **more
    )
    with transaction(desk.db):
        import_id = begin_import(
            desk.db, file_hash="h", file_name="r.csv", by_person_id=None, now=desk.now()
        )
        apply_certificates(desk.db, [row], import_id=import_id, now=desk.now())
    return certificates_by_number(desk.db, "KF0001")[0]


def alerts_of(desk: Desk, certificate: Certificate, wang: Talker) -> list[str]:
    """Return what the day's sweep puts for a holder who opted in."""
    with transaction(desk.db):
        code = make_opt_in_code(desk.db, certificate, made_by=None, now=desk.now())
    wang.says(f"绑定 {code.code}")
    wang.says("0001")
    run_certificates(desk, desk.db)
    with transaction(desk.db):
        waiting = outbox.claim(desk.db, now=desk.now(), lease_seconds=60, limit=20)
    replies = [
        render_alert(desk, one, wang.person, wang.channel)
        for one in waiting
        if one.kind == "certificate_alerts"
    ]
    return [reply.text for reply in replies if reply is not None]


@pytest.mark.parametrize(
    ("kind", "kind_id"),
    [
        ("营业性演出批准文件", "show_approval"),
        ("大型群众性活动安全许可", "event_safety_permit"),
        ("客运班线经营许可", "passenger_route"),
        ("超限运输车辆通行证", "oversize_pass"),
        ("烟花爆竹经营（零售）许可证", "fireworks_retail"),
    ],
)
def test_nobody_is_told_to_renew_what_cannot_be(
    desk: Desk, wang: Talker, market: Talker, clock: Clock, kind: str, kind_id: str
) -> None:
    certificate = taken(desk, kind, kind_id)

    (alert,) = alerts_of(desk, certificate, wang)
    wang.says("我的证照")
    card = wang.sends_token(f"cert:{certificate.id}:held")
    listed = market.sends_token(f"cert:{certificate.id}").text
    clock.at = datetime(2025, 7, 2, 9, tzinfo=LOCAL)
    lapsed = market.sends_token(f"cert:{certificate.id}").text

    for text in (alert, card.text, listed):
        assert "到期就失效，再办要重新申请。" in text
    for text in (alert, card.text, listed, lapsed):
        assert "申请延续" not in text
        assert "最晚" not in text
    assert "已经失效，再办要重新申请。" in lapsed
    labels = [button.label for row in card.buttons for button in row]
    assert labels[:2] == ["信息有误", "退订"]


def test_a_card_says_that_its_kind_has_no_rule(desk: Desk, market: Talker) -> None:
    certificate = taken(desk, "养蜂证", None)

    assert "规则未登记" in market.sends_token(f"cert:{certificate.id}").text


def test_a_kind_written_otherwise_gets_its_rule_with_the_next_sweep(desk: Desk) -> None:
    certificate = taken(desk, "《食品经营许可》", None)

    run_certificates(desk, desk.db)

    assert certificate_by_id(desk.db, certificate.id).kind_id == "food_operation"
