"""No secret survives, wherever it stands in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.kit.http.redaction import Redactor, redact

SECRET = "s3cr3tValue.x-1"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization=Basic {SECRET}==",
        f"{{'Authorization': 'Bearer {SECRET}', 'accept': '*/*'}}",
        f'{{"Authorization": "ApiKey {SECRET}"}}',
        f"Cookie: SAP_SESSIONID={SECRET}; other=1",
        f"set-cookie: sid={SECRET}; Path=/; HttpOnly",
        f'{{"access_token":"{SECRET}","instance_url":"https://x"}}',
        f'{{"refresh_token" : "{SECRET}"}}',
        f"grant_type=x&assertion={SECRET}&client_secret={SECRET}",
        f"password={SECRET} failed",
        f"<password>{SECRET}</password>",
        f"<n1:sessionId>{SECRET}</n1:sessionId>",
        f"x-csrf-token: {SECRET}",
        f"https://user:{SECRET}@erp.example/odata",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.s3cr3tValue.x-1"[:60],
    ],
)
def test_what_could_open_a_door_is_masked(text: str) -> None:
    assert "s3cr3t" not in redact(text)


def test_words_that_only_sound_secret_are_left_alone() -> None:
    text = "No such column 'Token__c' on entity 'Order'; ask for the password policy."

    assert redact(text) == text


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_known_secret_is_masked_anywhere(before: str, after: str) -> None:
    redactor = Redactor(["k0wn-secret"])
    redactor.learn("learnt-t0ken")

    cleaned = redactor.detail(f"{before}k0wn-secret{after}learnt-t0ken")

    assert cleaned is not None
    assert "k0wn-secret" not in cleaned
    assert "learnt-t0ken" not in cleaned


@given(st.text(max_size=3000))
def test_a_detail_is_never_longer_than_500_characters(text: str) -> None:
    assert len(Redactor().detail(text) or "") <= 500
