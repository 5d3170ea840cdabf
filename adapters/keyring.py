"""The centre's key ring: 256-bit keys by id, from a file of mode 0600 or from the environment; never logged.

The newest key that is not retired seals; every key opens, retired ones too, because a case is read again ten years
later. A file is read again when it changed, so that a rotation reaches running processes within a second.

    {"keys": [{"id": "k1-3fa9c2", "made": "2026-11-26T00:00:00Z", "retired": null, "secret": "<32 bytes, Base64>"}]}
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from adapters.settings import Settings

_NONCE_BYTES = 12
_KEY_BYTES = 32
_LOOK_EVERY_S = 1.0
"""A changed file is noticed within this time; an unknown key id looks at once."""


class KeyRingError(Exception):
    """One sentence that names the key ring and the remedy; never a key."""


class CannotOpenError(Exception):
    """What was given was not sealed by this ring for this purpose: unknown key, other binding, or changed bytes."""


class Sealed(NamedTuple):
    """A nonce and a ciphertext in `blob`, and the id of the key that opens it."""

    key_id: str
    blob: bytes


class Key(BaseModel):
    """One key. `made` and `retired` in UTC; a retired key opens and does not seal."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    made: datetime
    retired: datetime | None = None
    secret: SecretStr

    @field_validator("secret")
    @classmethod
    def _is_256_bits(cls, secret: SecretStr) -> SecretStr:
        if len(_bytes(secret)) != _KEY_BYTES:
            raise ValueError("a key is 32 bytes in Base64")
        return secret


class _Ring(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keys: tuple[Key, ...] = Field(min_length=1)


class _Use(NamedTuple):
    cipher: AESGCM
    mac: bytes


class KeyRing:
    """Seals and opens. Safe for many threads: a change replaces the whole ring at once."""

    def __init__(self, ring: _Ring, path: Path | None = None) -> None:
        self._path = path
        self._looked = time.monotonic()
        self._stamp = _stamp(path)
        self._ring = ring
        self._uses: dict[str, _Use] = {}

    # ------------------------------------------------------------ where keys come from

    @classmethod
    def load(cls, settings: Settings) -> "KeyRing":
        """The ring of these settings.

        Raises:
            KeyRingError: there is none, it cannot be read, or others may read it.
        """
        if settings.keys is not None:
            return cls(_parsed(settings.keys.get_secret_value(), "HOLDFAST_KEYS"))
        path = settings.keys_path
        return cls(_read(path), path)

    @classmethod
    def load_or_make(cls, settings: Settings) -> "KeyRing":
        """The ring of these settings, its file made with a first key where there is none yet. Raises KeyRingError."""
        if settings.keys is None and not settings.keys_path.exists():
            _write(settings.keys_path, _Ring(keys=(_new_key(()),)), only_new=True)
        return cls.load(settings)

    @classmethod
    def of_one_key(cls) -> "KeyRing":
        """A ring in memory, for tests and for what lives no longer than its process."""
        return cls(_Ring(keys=(_new_key(()),)))

    # ------------------------------------------------------------ sealing

    @property
    def keys(self) -> tuple[Key, ...]:
        """All keys, oldest first."""
        self._look_again(at_once=False)
        return self._ring.keys

    @property
    def sealing_id(self) -> str | None:
        """The key that seals; None: every key is retired."""
        return next((key.id for key in reversed(self.keys) if key.retired is None), None)

    def knows(self, key_id: str) -> bool:
        """Whether a key of this id is in the ring, retired or not."""
        return self._by_id(key_id) is not None

    def seal(self, plain: bytes, bound_to: bytes) -> Sealed:
        """Encrypt; it opens only together with the same `bound_to`. Raises KeyRingError when every key is retired."""
        key = self._current()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return Sealed(key.id, nonce + self._use(key).cipher.encrypt(nonce, plain, _bound(key.id, bound_to)))

    def open(self, key_id: str, blob: bytes, bound_to: bytes) -> bytes:
        """Decrypt. Raises CannotOpenError."""
        key = self._by_id(key_id)
        if key is None or len(blob) <= _NONCE_BYTES:
            raise CannotOpenError("no such key, or too short")
        try:
            return self._use(key).cipher.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], _bound(key_id, bound_to))
        except InvalidTag:
            raise CannotOpenError("not sealed by this key for this purpose") from None

    def sign(self, content: bytes) -> str:
        """A mark (`key id:hex`) that only a holder of the ring can make for this content."""
        key = self._current()
        return f"{key.id}:{hmac.digest(self._use(key).mac, content, hashlib.sha256).hex()}"

    def signed(self, content: bytes, mark: str) -> bool:
        """Whether this mark was made for this content by a key of the ring."""
        key_id, _, given = mark.partition(":")
        key = self._by_id(key_id)
        if key is None:
            return False
        return hmac.compare_digest(hmac.digest(self._use(key).mac, content, hashlib.sha256).hex(), given)

    def derive(self, *names: str) -> bytes:
        """32 bytes that belong to these names, the same for ever: made with the oldest key, which is never removed."""
        use = self._use(self.keys[0])
        return hmac.digest(use.mac, b"derived\x1f" + "\x1f".join(names).encode(), hashlib.sha256)

    # ------------------------------------------------------------ rotation

    def add(self) -> Key:
        """A new key, which seals from now on; running processes take it up by themselves. Raises KeyRingError."""
        path = self._file()
        key = _new_key(self._ring.keys)
        self._replace(path, _Ring(keys=(*self._ring.keys, key)))
        return key

    def retire(self, key_id: str) -> Key:
        """This key seals no more, and goes on opening.

        Raises:
            KeyRingError: no such key, or it is the last one that seals.
        """
        path = self._file()
        key = self._by_id(key_id)
        if key is None:
            raise KeyRingError(f"There is no key {key_id}: `keys list` shows them.")
        others = [one for one in self._ring.keys if one.retired is None and one.id != key_id]
        if not others:
            raise KeyRingError(f"Key {key_id} is the last one that seals: add another first.")
        retired = key.model_copy(update={"retired": key.retired or datetime.now(UTC)})
        self._replace(path, _Ring(keys=tuple(retired if one.id == key_id else one for one in self._ring.keys)))
        return retired

    # ------------------------------------------------------------ plumbing

    def _file(self) -> Path:
        if self._path is None:
            raise KeyRingError("The keys come from HOLDFAST_KEYS: change them where that is set, not here.")
        self._look_again(at_once=True)
        return self._path

    def _replace(self, path: Path, ring: _Ring) -> None:
        _write(path, ring, only_new=False)
        self._ring, self._stamp = ring, _stamp(path)

    def _current(self) -> Key:
        self._look_again(at_once=False)
        for key in reversed(self._ring.keys):
            if key.retired is None:
                return key
        raise KeyRingError("Every key of the ring is retired: add one.")

    def _by_id(self, key_id: str) -> Key | None:
        found = next((key for key in self._ring.keys if key.id == key_id), None)
        if found is None:
            self._look_again(at_once=True)
            found = next((key for key in self._ring.keys if key.id == key_id), None)
        return found

    def _use(self, key: Key) -> _Use:
        use = self._uses.get(key.id)
        if use is None:
            secret = _bytes(key.secret)
            mac = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"holdfast mark").derive(secret)
            use = self._uses[key.id] = _Use(AESGCM(secret), mac)
        return use

    def _look_again(self, *, at_once: bool) -> None:
        if self._path is None:
            return
        now = time.monotonic()
        if not at_once and now - self._looked < _LOOK_EVERY_S:
            return
        self._looked = now
        stamp = _stamp(self._path)
        if stamp is not None and stamp != self._stamp:
            self._ring, self._stamp = _read(self._path), stamp


def _bytes(secret: SecretStr) -> bytes:
    return base64.b64decode(secret.get_secret_value(), validate=True)


def _bound(key_id: str, bound_to: bytes) -> bytes:
    return key_id.encode() + b"\x00" + bound_to


def _new_key(before: tuple[Key, ...]) -> Key:
    """Its id ends in chance: two rings never call different keys alike, so a wrong ring lacks the key, no more."""
    secret = base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()
    return Key(id=f"k{len(before) + 1}-{secrets.token_hex(3)}", made=datetime.now(UTC), secret=SecretStr(secret))


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        stat = path.stat() if path is not None else None
    except OSError:
        return None
    return (stat.st_ino, stat.st_mtime_ns, stat.st_size) if stat is not None else None


def _parsed(text: str, origin: str) -> _Ring:
    try:
        return _Ring.model_validate_json(text)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KeyRingError(f"The keys in {origin} cannot be used: {where or 'all of it'}: {first['msg']}.") from None


def _read(path: Path) -> _Ring:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise KeyRingError(
            f"The key file {path} cannot be read ({problem.strerror}): make one with `starter.py keys add`, "
            "or name it in HOLDFAST_KEYS_FILE."
        ) from None
    if mode & 0o077:
        raise KeyRingError(f"The key file {path} can be read by others: chmod 600 it.")
    return _parsed(text, str(path))


def _write(path: Path, ring: _Ring, *, only_new: bool) -> None:
    """Whole or not at all, and nobody else's to read; with `only_new` the one who was first stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    keys = [
        {**key.model_dump(mode="json", exclude={"secret"}), "secret": key.secret.get_secret_value()}
        for key in ring.keys
    ]
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"keys": keys}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        if only_new:
            try:
                os.link(written, path)
            except FileExistsError:
                return
        else:
            written.replace(path)
    finally:
        written.unlink(missing_ok=True)
