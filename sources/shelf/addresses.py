"""Where in Redis each thing stands."""

from __future__ import annotations

from hashlib import blake2b, scrypt
from typing import Any, Final
from urllib.parse import quote

import msgspec

from canonical.principal import View
from sources.landscape import Instance
from sources.shelf.names import Name
from sources.shelf.questions import Mark, Question

FORMAT: Final = 1
"""Goes up when kept answers are written in another way."""
_ENCODER: Final = msgspec.msgpack.Encoder(order="sorted")


class Addresses:
    """The keys of one tenant's things."""

    def __init__(self, tenant: str) -> None:
        """All of them begin with the tenant."""
        self._root = f"revgraph:{quote(tenant, safe='')}"
        self.changes: Final = f"{self._root}:changes"

    def of(self, question: Question[Any], system: str, rights: bytes) -> Shelfmark:
        """Where the answers to a question are, that were read from a system with these rights."""
        return Shelfmark(f"{self._root}:kept:{system}:{question.name}", rights + question.shape)

    def one(self, system: str, mark: Mark) -> str:
        """The number of the last change to one record."""
        concept, key = mark
        return f"{self._root}:changed:{system}:{concept}:{key}"

    def some(self, system: str, concept: str) -> str:
        """The number of the last change to any record of a concept."""
        return f"{self._root}:changed-some:{system}:{concept}"

    def every(self, system: str, concept: str) -> str:
        """The number of the last change that named no record, and may have been to every one."""
        return f"{self._root}:changed-every:{system}:{concept}"


class Shelfmark:
    """The addresses of the answers to one question, read with the same rights."""

    def __init__(self, root: str, rights: bytes) -> None:
        """Nothing that was read with other rights has an address here."""
        self._root = root
        self._begun = blake2b(rights, digest_size=16)

    def of(self, name: Name) -> str:
        """The answer for one name."""
        digest = self._begun.copy()
        digest.update(f"{name.kind}\0{name.text}".encode())
        return f"{self._root}:{digest.hexdigest()}"


def refreshing(address: str) -> str:
    """Who holds this is reading the answer of the address anew."""
    return f"{address}:refreshing"


def sign_in(tenant: str, instance: Instance) -> bytes:
    """Whose rights we have at a system: another one for every other system, setting or credential.

    The credentials are in it through a hash that is slow on purpose: whoever reads Redis cannot guess them from it.
    """
    secrets = _ENCODER.encode({name: secret.reveal() for name, secret in instance.credentials.items()})
    salt = f"{tenant}\0{instance.name}".encode()
    told = [
        instance.kind,
        instance.base_url,
        instance.settings,
        [[place.entity.code, place.codes] for place in instance.entities],
        scrypt(secrets, salt=salt, n=2**14, r=8, p=1, dklen=16) if instance.credentials else b"",
    ]
    return blake2b(_ENCODER.encode(told), digest_size=16).digest()


def rights_of(sign_in: bytes, view: View) -> bytes:
    """Whose rights an answer is read with: ours at the system, narrowed to what the reader may see."""
    return _ENCODER.encode([FORMAT, sign_in, _sorted(view.legal_entities), _sorted(view.accounts)])


def _sorted(codes: frozenset[str] | None) -> list[str] | None:
    return None if codes is None else sorted(codes)
