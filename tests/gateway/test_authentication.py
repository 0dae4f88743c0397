from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from canonical.principal import Principal
from gateway.authentication import Authenticator, Identity, UnauthenticatedError, Verified, read_keys
from gateway.settings import Settings, SettingsError
from gateway.tokens import Signer
from tests.gateway.pretend import AUTHENTICATOR, SECRET, SIGNER, TOKEN

NOW = 4_000_000_000
CLAIMS: dict[str, Any] = {
    "iss": "revgraph-demo",
    "aud": "revgraph",
    "sub": "anna",
    "azp": "console",
    "tenant": "acme",
    "scope": "orders:read invoices:read",
    "exp": NOW,
}
RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def bearer(secret: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...}
    return "Bearer " + jwt.encode(claims, secret, algorithm=algorithm)


def public_pem() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, form)


def over(settings: Settings) -> Authenticator:
    return Authenticator(read_keys(settings), "revgraph-demo", "revgraph", "acme")


def test_a_good_token_becomes_the_principal_it_describes() -> None:
    assert AUTHENTICATOR.principal(bearer(legal_entities=["DE01"], accounts=[])) == Principal(
        subject="anna",
        tenant="acme",
        client="console",
        scopes=frozenset({"orders:read", "invoices:read"}),
        legal_entities=frozenset({"DE01"}),
        accounts=frozenset(),
    )


def test_claims_that_are_absent_narrow_nothing() -> None:
    principal = AUTHENTICATOR.principal(bearer())

    assert principal.legal_entities is None
    assert principal.accounts is None


@pytest.mark.parametrize("claim", ["scope", "scopes", "scp"])
def test_scopes_are_read_from_each_of_their_usual_claims(claim: str) -> None:
    scopes: dict[str, Any] = {"scope": ..., claim: ["orders:read"]}

    assert AUTHENTICATOR.principal(bearer(**scopes)).scopes == {"orders:read"}


def test_the_client_is_named_by_client_id_before_azp_before_the_subject() -> None:
    assert AUTHENTICATOR.principal(bearer(client_id="bot")).client == "bot"
    assert AUTHENTICATOR.principal(bearer(azp=...)).client == "anna"


@pytest.mark.parametrize(
    "authorization,words",
    [
        (None, "Send your token in the header"),
        ("", "Send your token in the header"),
        ("Basic abc", "must be: Bearer <token>"),
        ("Bearer", "must be: Bearer <token>"),
        ("Bearer a b", "must be: Bearer <token>"),
        ("Bearer nonsense", "is not a JSON Web Token"),
        ("Bearer " + "a" * 20_000, "is too long"),
        (bearer("another-secret-that-is-long-enough-too"), "signature does not hold"),
        (bearer("", "none"), "signed in a way that is not accepted"),
        (bearer(SECRET * 2, "HS512"), "signed in a way that is not accepted"),
        (bearer(exp=1_000), "has expired"),
        (bearer(nbf=NOW - 10), "is not valid yet"),
        (bearer(aud="billing"), "another audience"),
        (bearer(iss="mallory"), "issuer that is not trusted"),
        (bearer(exp=...), "lacks one of the claims"),
        (bearer(aud=...), "lacks one of the claims"),
        (bearer(iss=...), "lacks one of the claims"),
        (bearer(sub=...), "lacks one of the claims"),
        (bearer(sub=7), "cannot be verified"),
        (bearer(tenant="umbrella"), "for another tenant"),
        (bearer(tenant=...), "for another tenant"),
        (bearer(legal_entities="DE01"), "legal_entities is not a list of texts"),
        (bearer(legal_entities=None), "legal_entities is not a list of texts"),
        (bearer(accounts=[1]), "accounts is not a list of texts"),
    ],
)
def test_a_token_that_does_not_hold_is_refused_in_words(authorization: str | None, words: str) -> None:
    with pytest.raises(UnauthenticatedError) as refused:
        AUTHENTICATOR.principal(authorization)

    assert words in str(refused.value)


def test_a_token_whose_payload_was_changed_is_refused() -> None:
    head, _, tail = TOKEN.split(".")
    other = Signer(SECRET, "acme").sign(["orders:read", "invoices:read"]).split(".")[1]

    with pytest.raises(UnauthenticatedError, match="signature does not hold"):
        AUTHENTICATOR.principal(f"Bearer {head}.{other}.{tail}")


def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    fresh = SIGNER.sign(["orders:read"], seconds=-3)
    stale = SIGNER.sign(["orders:read"], seconds=-30)

    assert AUTHENTICATOR.principal(f"Bearer {fresh}").subject == "demo"
    with pytest.raises(UnauthenticatedError, match="has expired"):
        AUTHENTICATOR.principal(f"Bearer {stale}")


def test_a_public_key_verifies_what_its_private_key_signed(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(public_pem())
    authenticator = over(Settings(jwt_public_key_file=tmp_path / "key.pem"))

    assert authenticator.principal("Bearer " + jwt.encode(CLAIMS, RSA_KEY, algorithm="RS256")).subject == "anna"
    with pytest.raises(UnauthenticatedError, match="not accepted"):
        authenticator.principal(bearer())


def test_a_key_set_is_asked_for_the_key_that_the_token_names(tmp_path: Path) -> None:
    key = {**jwt.algorithms.RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "one", "alg": "RS256"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [key]}))
    authenticator = over(Settings(jwt_jwks_file=tmp_path / "jwks.json"))

    known = jwt.encode(CLAIMS, RSA_KEY, algorithm="RS256", headers={"kid": "one"})
    unknown = jwt.encode(CLAIMS, RSA_KEY, algorithm="RS256", headers={"kid": "two"})

    assert authenticator.principal(f"Bearer {known}").subject == "anna"
    with pytest.raises(UnauthenticatedError, match="does not have"):
        authenticator.principal(f"Bearer {unknown}")


def test_a_shared_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")

    assert over(Settings(jwt_secret_file=tmp_path / "secret")).principal(bearer()).subject == "anna"


@pytest.mark.parametrize(
    "written,setting,words",
    [
        (None, None, "set one of REVGRAPH_JWT_SECRET, "),
        (None, "jwt_jwks_file", "cannot be read"),
        ("short", "jwt_secret_file", "needs 32 bytes or more"),
        ("no key", "jwt_public_key_file", "without a public key"),
        ("no keys", "jwt_jwks_file", "no key set"),
        ('{"keys": []}', "jwt_jwks_file", "no key set"),
    ],
)
def test_key_material_that_cannot_be_used_is_refused_at_start(
    tmp_path: Path, written: str | None, setting: str | None, words: str
) -> None:
    if written is not None:
        (tmp_path / "key").write_text(written)
    settings = Settings(**{setting: tmp_path / "key"} if setting else {})  # type: ignore[arg-type]

    with pytest.raises(SettingsError, match=words):
        read_keys(settings)


async def test_without_a_token_the_answer_is_a_401_that_says_how_to_send_one(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ hello }"}, headers={"X-Correlation-Id": "case-1"})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="revgraph"'
    assert answer.json() == {
        "errors": [
            {
                "message": "Send your token in the header Authorization: Bearer <token>",
                "extensions": {
                    "code": "UNAUTHENTICATED",
                    "category": "PERMISSION",
                    "outcome": "NOT_APPLIED",
                    "retryable": False,
                    "correlationId": "case-1",
                },
            }
        ]
    }


async def test_with_a_wrong_token_the_answer_is_a_401_that_names_the_reason(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ hello }"}, headers={"Authorization": bearer(exp=1_000)})

    assert answer.status_code == 401
    assert 'error="invalid_token", error_description="The token has expired"' in answer.headers["www-authenticate"]


async def test_the_principal_reaches_the_resolvers(client: httpx.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ me }"}, headers={"Authorization": bearer()})

    assert answer.json() == {"data": {"me": "anna acme ['invoices:read', 'orders:read']"}}


def test_a_verified_token_is_taken_at_its_word_for_a_while_and_never_beyond_its_end() -> None:
    now = 1_000.0
    verified = Verified(lambda: now)
    principal = Principal("ann", "acme", "app", frozenset())
    short, long = Identity(principal, 1_010.0), Identity(principal, 9_000.0)
    verified.keep("short", short)
    verified.keep("long", long)

    now = 1_009.9
    assert (verified.identity("short"), verified.identity("long")) == (short, long)
    now = 1_010.0
    assert (verified.identity("short"), verified.identity("long")) == (None, long)
    now = 1_030.0
    assert verified.identity("long") is None
    assert verified.identity("other") is None


def test_the_end_of_a_token_is_told_with_its_caller_also_when_it_was_verified_before() -> None:
    first, again = (AUTHENTICATOR.identity(bearer(sub="carl")) for _ in range(2))

    assert first == again
    assert (first.principal.subject, first.expires_at) == ("carl", NOW + 5.0)
