"""Who is asking: verifies the bearer token of a request and reads the principal from its claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import jwt
from jwt.exceptions import InvalidKeyError, PyJWKSetError, PyJWTError

from canonical.principal import Principal
from engine.keeping import Kept
from gateway.settings import KEY_SETTINGS, SHORTEST_SECRET, Settings, SettingsError, variable

LONGEST_TOKEN = 16_384
TRUST = 30.0
"""Seconds for which a verified token is taken at its word."""
MOST_VERIFIED = 1_000
REQUIRED_CLAIMS = ("exp", "iss", "aud", "sub")


class UnauthenticatedError(Exception):
    """A request without a token, or with one that does not hold; the text says which in words a caller may read.

    `error` is RFC 6750's word for it, None where no token came at all.
    """

    def __init__(self, sentence: str, error: str | None = "invalid_token") -> None:
        """Keep the word for the WWW-Authenticate header."""
        super().__init__(sentence)
        self.error = error

    @property
    def challenge(self) -> str:
        """The value of WWW-Authenticate."""
        if self.error is None:
            return 'Bearer realm="revgraph"'
        return f'Bearer realm="revgraph", error="{self.error}", error_description="{self}"'


@dataclass(frozen=True, slots=True)
class Keys:
    """What verifies tokens: one key for every token, or several by key id; `algorithms` are the only ones accepted."""

    algorithms: tuple[str, ...]
    only: Any = None
    by_id: Mapping[str, Any] | None = None

    def of(self, header: Mapping[str, Any]) -> Any:
        """The key that this token's header names; UnauthenticatedError when there is none."""
        if self.by_id is None:
            return self.only
        found = self.by_id.get(str(header.get("kid")))
        if found is None:
            raise UnauthenticatedError("The token names a key that this gateway does not have")
        return found


class Identity(NamedTuple):
    """Whose a token is, and when it ends here, in seconds since 1970 (its own `exp` and the leeway)."""

    principal: Principal
    expires_at: float


class Verified:
    """Tokens that were verified a moment ago, so that a caller's next request need not pay for its signature again.

    None is trusted for longer than TRUST seconds, nor beyond its own expiry.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """None yet."""
        self._clock = clock
        self._held: Kept[str, tuple[Identity, float]] = Kept(MOST_VERIFIED, MOST_VERIFIED)

    def identity(self, token: str) -> Identity | None:
        """Whose token it is, None when it has to be verified."""
        held = self._held.get(token)
        return held[0] if held is not None and self._clock() < held[1] else None

    def keep(self, token: str, identity: Identity) -> None:
        """Remember it."""
        self._held.put(token, (identity, min(identity.expires_at, self._clock() + TRUST)), 1)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Verifies signature, expiry, not-before, issuer and audience, and that the token is for this tenant."""

    keys: Keys
    issuer: str
    audience: str
    tenant: str
    leeway: float = 5.0
    verified: Verified = field(default_factory=Verified)

    def principal(self, authorization: str | None) -> Principal:
        """The caller of an Authorization header; UnauthenticatedError says what is wrong with it."""
        return self.identity(authorization).principal

    def identity(self, authorization: str | None) -> Identity:
        """The caller, and until when; for connections that outlive their first request. The same error."""
        token = _bearer(authorization)
        known = self.verified.identity(token)
        if known is not None:
            return known
        claims = self._claims(token)
        identity = Identity(_principal(claims, self.tenant), float(claims["exp"]) + self.leeway)
        self.verified.keep(token, identity)
        return identity

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in self.keys.algorithms:
                raise UnauthenticatedError("The token is signed in a way that is not accepted here")
            return jwt.decode(
                token,
                self.keys.of(header),
                algorithms=list(self.keys.algorithms),
                audience=self.audience,
                issuer=self.issuer,
                leeway=self.leeway,
                options={"require": list(REQUIRED_CLAIMS)},
            )
        except PyJWTError as error:
            raise UnauthenticatedError(_words(error)) from error


def read_keys(settings: Settings) -> Keys:
    """The key that the settings refer to; SettingsError when there is none or it cannot be used."""
    if settings.jwt_secret is not None:
        return _shared(settings.jwt_secret.get_secret_value(), "jwt_secret")
    if settings.jwt_secret_file is not None:
        return _shared(_text(settings.jwt_secret_file, "jwt_secret_file").strip(), "jwt_secret_file")
    if settings.jwt_public_key_file is not None:
        return _public(_text(settings.jwt_public_key_file, "jwt_public_key_file"))
    if settings.jwt_jwks_file is not None:
        return _key_set(_text(settings.jwt_jwks_file, "jwt_jwks_file"))
    names = ", ".join(variable(name) for name in KEY_SETTINGS)
    raise SettingsError(f"There is no key to verify tokens with: set one of {names}.")


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise UnauthenticatedError("Send your token in the header Authorization: Bearer <token>", None)
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise UnauthenticatedError("The Authorization header must be: Bearer <token>", "invalid_request")
    if len(token) > LONGEST_TOKEN:
        raise UnauthenticatedError("The token is too long")
    return token


def _words(error: PyJWTError) -> str:
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    return "The token cannot be verified"


_WORDS: Mapping[type[PyJWTError], str] = {
    jwt.ExpiredSignatureError: "The token has expired",
    jwt.ImmatureSignatureError: "The token is not valid yet",
    jwt.InvalidAudienceError: "The token is for another audience",
    jwt.InvalidIssuerError: "The token is from an issuer that is not trusted here",
    jwt.MissingRequiredClaimError: "The token lacks one of the claims exp, iss, aud, sub",
    jwt.InvalidSignatureError: "The token's signature does not hold",
    jwt.DecodeError: "The token is not a JSON Web Token",
}


def _principal(claims: Mapping[str, Any], tenant: str) -> Principal:
    if claims.get("tenant") != tenant:
        raise UnauthenticatedError("The token is for another tenant")
    return Principal(
        subject=str(claims["sub"]),
        tenant=tenant,
        client=str(claims.get("client_id") or claims.get("azp") or claims["sub"]),
        scopes=_words_of(claims, "scope") | _words_of(claims, "scopes") | _words_of(claims, "scp"),
        legal_entities=_names_of(claims, "legal_entities"),
        accounts=_names_of(claims, "accounts"),
    )


def _words_of(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    value = claims.get(name)
    if isinstance(value, str):
        return frozenset(value.split())
    return _names_of(claims, name) or frozenset()


def _names_of(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """None where the claim is absent; a claim of another shape is refused, never read as 'everything'."""
    if name not in claims:
        return None
    value = claims[name]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise UnauthenticatedError(f"The token's claim {name} is not a list of texts")
    return frozenset(value)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable(name)} names {path}, which cannot be read.") from error


def _shared(secret: str, name: str) -> Keys:
    if len(secret.encode()) < SHORTEST_SECRET:
        raise SettingsError(f"The secret of {variable(name)} is too short: it needs {SHORTEST_SECRET} bytes or more.")
    return Keys(("HS256",), secret)


def _public(text: str) -> Keys:
    algorithm = "RS256"
    try:
        try:
            key: Any = jwt.get_algorithm_by_name(algorithm).prepare_key(text)
        except (InvalidKeyError, ValueError, TypeError):
            algorithm = "ES256"
            key = jwt.get_algorithm_by_name(algorithm).prepare_key(text)
    except (InvalidKeyError, ValueError, TypeError) as error:
        raise SettingsError(f"{variable('jwt_public_key_file')} names a file without a public key (PEM).") from error
    return Keys((algorithm,), key)


def _key_set(text: str) -> Keys:
    try:
        keys = jwt.PyJWKSet.from_json(text).keys
    except (PyJWKSetError, PyJWTError, ValueError) as error:
        raise SettingsError(f"{variable('jwt_jwks_file')} names a file that holds no key set (JWKS).") from error
    by_id = {str(key.key_id): key.key for key in keys if key.algorithm_name in {"RS256", "ES256"}}
    if not by_id:
        raise SettingsError(f"{variable('jwt_jwks_file')} names a key set without an RS256 or ES256 key.")
    return Keys(("RS256", "ES256"), by_id=by_id)
