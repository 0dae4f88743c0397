"""Outbound messages at our door: verified, read one by one, and acknowledged in the platform's own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import pytest

from canonical.changes import Change, Concept
from sources.feeds import Delivery, DeliveryRefusedError
from sources.landscape import Secret
from sources.salesforce.ids import long_id
from sources.salesforce.outbound import read_message
from sources.salesforce.settings import settings_of
from tests.sources.salesforce.asking import instance_of

ORG: Final = long_id("00DRg0000000001")
ORDER: Final = long_id("801000000000AAA")
LINE: Final = long_id("802000000000AAA")
AT: Final = datetime(2026, 11, 26, 10, tzinfo=UTC)
SECRETS: Final = (Secret("s3cret"), Secret("old"))
ACK: Final = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)


def notification(name: str, sobject: str, **fields: str) -> str:
    told = "".join(f"<sf:{field}>{value}</sf:{field}>" for field, value in fields.items())
    return (
        f'<Notification><Id>{name}</Id><sObject xsi:type="sf:{sobject}" '
        f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{told}</sObject></Notification>'
    )


def envelope(*notifications: str, org: str = ORG) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{org}</OrganizationId><ActionId>04k000000000001AAA</ActionId>"
        '<SessionId xsi:nil="true"/><EnterpriseUrl>https://e</EnterpriseUrl><PartnerUrl>https://p</PartnerUrl>'
        f"{''.join(notifications)}</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def delivery(body: bytes, secret: str = "s3cret", method: str = "POST") -> Delivery:
    return Delivery(method=method, headers={}, query={"secret": secret}, body=body, received_at=AT)


def refused(sent: Delivery, secrets: tuple[Secret, ...] = SECRETS) -> int:
    with pytest.raises(DeliveryRefusedError) as raised:
        read_message(sent, secrets, ORG)
    assert "s3cret" not in raised.value.sentence
    return raised.value.status


GOOD: Final = envelope(notification("04l1", "Order", Id=ORDER))


def test_each_notification_is_a_change_under_its_own_id() -> None:
    stamped = notification("04l2", "Account", Id="001000000000AAB", SystemModstamp="2026-11-26T09:00:00.000Z")
    lined = notification("04l3", "OrderItem", Id=LINE, OrderId=ORDER)

    receipt = read_message(delivery(envelope(notification("04l1", "Order", Id=ORDER), stamped, lined)), SECRETS, ORG)

    account = long_id("001000000000AAB")
    assert receipt.changes.changes == (
        Change(event_id="04l1", concept=Concept.ORDER, key=ORDER, changed_at=AT, order_keys=(ORDER,)),
        Change(event_id="04l2", concept=Concept.CUSTOMER, key=account, changed_at=AT.replace(hour=9)),
        Change(event_id="04l3", concept=Concept.ORDER, key=ORDER, changed_at=AT, order_keys=(ORDER,)),
    )
    assert receipt.changes.unreadable == ()
    assert receipt.changes.position is None
    assert (receipt.status, receipt.media, receipt.body) == (200, "text/xml; charset=utf-8", ACK)


def test_a_hundred_are_read_and_no_more() -> None:
    hundred = [notification(f"04l{number}", "Order", Id=ORDER) for number in range(100)]

    assert len(read_message(delivery(envelope(*hundred)), SECRETS, ORG).changes.changes) == 100
    assert refused(delivery(envelope(*hundred, notification("one too many", "Order", Id=ORDER)))) == 400


def test_the_secret_before_is_taken_until_the_setup_is_changed() -> None:
    assert read_message(delivery(GOOD, "old"), SECRETS, ORG).status == 200


def test_an_org_names_itself_in_fifteen_characters_too() -> None:
    sent = envelope(notification("04l1", "Order", Id=ORDER), org=ORG[:15])

    assert read_message(delivery(sent), SECRETS, ORG).status == 200


@pytest.mark.parametrize("secret", ["", "S3cret", "s3cret ", "s3cr\u00e9t"])
def test_whoever_does_not_know_the_secret_is_refused(secret: str) -> None:
    assert refused(delivery(GOOD, secret)) == 401


def test_without_a_secret_the_door_is_closed() -> None:
    assert refused(delivery(GOOD), ()) == 404


def test_another_org_is_refused() -> None:
    assert refused(delivery(envelope(notification("04l1", "Order", Id=ORDER), org="00D000000000002"))) == 403


def test_a_message_is_a_post() -> None:
    assert refused(delivery(b"", method="GET")) == 405


BOMB: Final = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
READS: Final = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<x", b"<x/>", b"\xff\xfe", BOMB, READS, envelope(), GOOD.replace(b"UTF-8", b"no-such")]
)
def test_what_is_no_outbound_message_is_refused(body: bytes) -> None:
    assert refused(delivery(body)) == 400


def test_what_is_too_large_is_refused_unread() -> None:
    assert refused(delivery(b"<" * 2_000_001)) == 413


@pytest.mark.parametrize(
    "sent,sentence",
    [
        (notification("04l1", "Opportunity", Id="006000000000AAA"), "It is of Opportunity, of which nothing is read"),
        (notification("04l1", "Order", Id="nonsense"), "It is of Order, of which nothing is read"),
        (notification("04l1", "OrderItem", Id=LINE), "Add OrderId to the fields that it sends of OrderItem."),
        ("<Notification><Id>04l1</Id></Notification>", "It names no notification or no record."),
    ],
)
def test_what_means_nothing_here_is_shown_and_acknowledged(sent: str, sentence: str) -> None:
    receipt = read_message(delivery(envelope(sent, notification("04l2", "Order", Id=ORDER))), SECRETS, ORG)

    (shown,) = receipt.changes.unreadable
    assert sentence in shown.sentence
    assert shown.event_id == "04l1"
    assert "SessionId" not in shown.payload
    assert [one.event_id for one in receipt.changes.changes] == ["04l2"]
    assert receipt.body == ACK


def test_what_is_nested_too_deeply_is_shown_as_far_as_it_is_read_and_acknowledged() -> None:
    deep = f"<Notification><Id>04l1</Id>{'<a>' * 20_000}{'</a>' * 20_000}</Notification>"

    receipt = read_message(delivery(envelope(deep, notification("04l2", "Order", Id=ORDER))), SECRETS, ORG)

    (shown,) = receipt.changes.unreadable
    assert shown.event_id == "04l1"
    assert shown.payload.count("<ns0:a>") == 19
    assert "<!-- cut: it is deeper than anything that is read -->" in shown.payload
    assert [one.event_id for one in receipt.changes.changes] == ["04l2"]
    assert receipt.body == ACK


def test_of_what_is_too_long_as_much_is_shown_as_is_kept_and_how_long_it_was() -> None:
    long = notification("04l1", "Opportunity", Id="006000000000AAA", Description="x" * 150_000)

    (shown,) = read_message(delivery(envelope(long)), SECRETS, ORG).changes.unreadable

    assert len(shown.payload) == 100_000
    assert re.search(r"<!-- cut: it had 150\d\d\d characters -->$", shown.payload)


def test_a_secret_without_the_org_s_id_is_told_at_the_start() -> None:
    instance = instance_of("https://x")
    held = Secret("s3cret-of-ours-alone")
    instance.credentials["webhook_secret"] = held  # type: ignore[index]  # a Mapping to all but its maker

    with pytest.raises(ValueError, match="needs the setting organization_id too"):
        settings_of(instance)
