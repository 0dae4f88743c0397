"""A pretend org with a small catalogue, over HTTP and over TLS."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sources.kit.sandbox.serving import serve
from sources.salesforce.sandbox import SalesforceSandbox

BASE = "/services/data/v68.0"
PRICEBOOK = "01sRg0000000001"
ENTRY = "01uSTORY0000001"


@pytest.fixture
def sandbox() -> Iterator[SalesforceSandbox]:
    one = SalesforceSandbox("crm", None)
    one.load(catalogue())
    yield one
    one.close()


def catalogue() -> dict[str, list[dict[str, object]]]:
    return {
        "Product2": [
            {"Id": "01tSTORY0000001", "Name": "Pump", "ProductCode": "P-1", "IsActive": True},
            {"Id": "01tSTORY0000002", "Name": "Valve", "ProductCode": "V-1", "IsActive": True},
        ],
        "PricebookEntry": [
            {
                "Id": "01uSTORY0000001",
                "Product2Id": "01tSTORY0000001",
                "Pricebook2Id": "01sRg0000000001",
                "UnitPrice": 12.5,
                "IsActive": True,
                "CurrencyIsoCode": "USD",
            }
        ],
    }


@dataclass
class Caller:
    """A logged-in client that speaks JSON."""

    client: httpx.AsyncClient

    async def __call__(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, BASE + path, json=body, headers=named)

    async def query(self, soql: str, path: str = "/query", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await self.client.get(BASE + path, params={"q": soql}, headers=named)).json()


@pytest_asyncio.fixture
async def caller(sandbox: SalesforceSandbox) -> AsyncIterator[Caller]:
    async with (
        serve(sandbox.app) as served,
        httpx.AsyncClient(base_url=served.url, timeout=10, trust_env=False) as client,
    ):
        client.headers["authorization"] = f"Bearer {await token(client, sandbox)}"
        yield Caller(client)


async def token(client: httpx.AsyncClient, sandbox: SalesforceSandbox) -> str:
    answer = await client.post("/services/oauth2/token", data=bearer_form(sandbox))
    return str(answer.json()["access_token"])


def bearer_form(sandbox: SalesforceSandbox, **changed: object) -> dict[str, str]:
    settings = sandbox.settings()
    claims: dict[str, object] = {
        "iss": settings["client_id"],
        "sub": settings["username"],
        "aud": settings["audience"],
        "exp": int((datetime.now(UTC) + timedelta(minutes=3)).timestamp()),
    }
    assertion = jwt.encode(claims | changed, sandbox.private_key, algorithm="RS256")
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}


@dataclass(frozen=True)
class Certificates:
    """A throw-away authority's file and a server context for the vendor's hosts."""

    ca_file: Path
    server: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox test authority")])
    ca = _certificate(authority, authority, ca_key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    ca = ca.add_extension(_usage(ca=True), critical=True)
    ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
    leaf = _certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), authority, key)
    hosts = [x509.DNSName(host) for host in ("localhost", "login.salesforce.com", "*.my.salesforce.com")]
    names = x509.SubjectAlternativeName([*hosts, x509.IPAddress(ip_address("127.0.0.1"))])
    leaf = leaf.add_extension(names, critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    leaf = leaf.add_extension(identifier, critical=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "server.pem").write_bytes(leaf.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return Certificates(folder / "ca.pem", context)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
    )
