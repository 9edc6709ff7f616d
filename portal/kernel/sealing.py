"""Words that must not be read in a stolen database: sealed with keys that are not in it, and found again by a trace.

Note [Sealing]: AES-256-GCM with a nonce of its own for each text (NIST SP 800-38D). The key's mark stands before the
sealed text, so that several keys can be in use at once: the first of the list seals, all of them open. `place` says of
which row a text is; it is part of what is sealed, so that whoever can write to the database cannot move one account's
number into another's row. The trace (HMAC-SHA256 under a key drawn from the sealing one) finds equal texts without
opening any; without the key nobody can try numbers until one fits.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12


class Unreadable(Exception):
    """A sealed text that none of our keys opens, or that stands in the wrong place."""


class NoKeyHere(RuntimeError):
    """This process was given no key: it must never come to what is sealed."""


@dataclass(frozen=True, slots=True, repr=False)
class SealingKey:
    """One key, in its two uses. `mark` names it and gives nothing of it away."""

    mark: str
    sealing: bytes
    tracing: bytes

    @classmethod
    def of(cls, text: str) -> "SealingKey":
        """A key from what stands in the settings: 32 random bytes in base64. Raises `ValueError`."""
        try:
            raw = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
        except (ValueError, binascii.Error) as problem:
            raise ValueError("A key is not base64.") from problem
        if len(raw) != KEY_BYTES or len(set(raw)) < KEY_BYTES // 4:
            raise ValueError(f"A key has {KEY_BYTES} random bytes.")
        drawn = {use: _drawn(raw, use) for use in (b"mark", b"sealing", b"tracing")}
        return cls(drawn[b"mark"].hex()[:8], drawn[b"sealing"], drawn[b"tracing"])


def _drawn(raw: bytes, use: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"quayside." + use).derive(raw)


def _some(keys: Sequence[SealingKey]) -> Sequence[SealingKey]:
    if not keys:
        raise NoKeyHere("This process was started without keys (OPENS_NUMBERS=0) and opens nothing.")
    return keys


def seal(text: str, place: str, keys: Sequence[SealingKey]) -> str:
    """A text, sealed for one place with the newest key. This and the others raise `NoKeyHere` where there is none."""
    newest = _some(keys)[0]
    return f"{newest.mark}.{base64.urlsafe_b64encode(_hidden(text.encode(), place, newest)).decode()}"


def unseal(sealed: str, place: str, keys: Sequence[SealingKey]) -> str:
    """What was sealed for this place. Raises `Unreadable`."""
    mark, _dot, packed = sealed.partition(".")
    try:
        raw = base64.urlsafe_b64decode(packed)
        return _opened(raw, mark, place, keys).decode()
    except ValueError as problem:
        raise Unreadable("It is damaged, or was moved here from another place.") from problem


def seal_bytes(content: bytes, place: str, keys: Sequence[SealingKey]) -> bytes:
    """A file, sealed as a text is, without the third that base64 would add."""
    newest = _some(keys)[0]
    return newest.mark.encode() + b"." + _hidden(content, place, newest)


def unseal_bytes(sealed: bytes, place: str, keys: Sequence[SealingKey]) -> bytes:
    """The file that was sealed for this place. Raises `Unreadable`."""
    mark, _dot, raw = sealed.partition(b".")
    return _opened(raw, mark.decode("ascii", "replace"), place, keys)


def _hidden(content: bytes, place: str, key: SealingKey) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key.sealing).encrypt(nonce, content, place.encode())


def _opened(raw: bytes, mark: str, place: str, keys: Sequence[SealingKey]) -> bytes:
    key = next((one for one in _some(keys) if one.mark == mark), None)
    if key is None:
        raise Unreadable("It was sealed with a key that is not among ours any more.")
    try:
        return AESGCM(key.sealing).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as problem:
        raise Unreadable("It is damaged, or was moved here from another place.") from problem


def mark_of(sealed: str) -> str:
    """Which key a text was sealed with."""
    return sealed.partition(".")[0]


def trace(text: str, keys: Sequence[SealingKey]) -> str:
    """By which equal texts are found: under the newest key."""
    return _trace(text, _some(keys)[0])


def traces(text: str, keys: Sequence[SealingKey]) -> list[str]:
    """The same under every key, for what was sealed before the newest one came."""
    return [_trace(text, one) for one in _some(keys)]


def _trace(text: str, key: SealingKey) -> str:
    return hmac.new(key.tracing, text.encode(), hashlib.sha256).hexdigest()
