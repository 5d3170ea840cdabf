"""What officers carry: authenticators that show one-time codes (RFC 6238), and Ed25519 keys that sign.

Nothing here knows who an officer is; the register keeps secrets sealed and public keys plain.
"""

import base64
import hmac
import secrets
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from domain.evidence import STEP_SECONDS, Signature, Totp

SECRET_BYTES = 20
"""As SHA-1 has: what authenticator applications expect."""
_KEY_BYTES = 32
ISSUER = "Holdfast"


class UnusableKeyError(ValueError):
    """The file holds no Ed25519 key of the kind that is asked for."""


def new_secret() -> bytes:
    """The secret of a new authenticator."""
    return secrets.token_bytes(SECRET_BYTES)


def step_at(moment: datetime) -> int:
    """Which half minute since 1970."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(secret: bytes, step: int) -> str:
    """The six digits that an authenticator shows during this half minute."""
    return pyotp.TOTP(_base32(secret), interval=STEP_SECONDS).generate_otp(step)


def shows(secret: bytes, step: int, given: Totp) -> bool:
    """Whether this is the code of this half minute."""
    return hmac.compare_digest(code_of(secret, step), given.code)


def otpauth(secret: bytes, number: str, where: str) -> str:
    """What an authenticator reads from the QR code. It is the secret itself: shown once, kept nowhere."""
    return pyotp.TOTP(_base32(secret), interval=STEP_SECONDS).provisioning_uri(
        name=f"{number}@{where}", issuer_name=ISSUER
    )


def signed(key: Ed25519PrivateKey, text: str) -> Signature:
    """A signature over a binding's text."""
    return Signature(value=_plain(key.sign(text.encode())))


def is_signed(public_key: str, text: str, given: Signature) -> bool:
    """Whether the holder of this enrolled key signed this text."""
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(public_key)).verify(_bytes(given.value), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def key_from(seed: bytes) -> Ed25519PrivateKey:
    """The signing key of 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed[:_KEY_BYTES])


def public_part(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public key as the register keeps it: 32 bytes in base64url without padding."""
    public = key if isinstance(key, Ed25519PublicKey) else key.public_key()
    return _plain(public.public_bytes_raw())


def private_key(pem: bytes) -> Ed25519PrivateKey:
    """The signing key in a PEM file (`openssl genpkey -algorithm ed25519`). Raises UnusableKeyError."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise UnusableKeyError("not an unencrypted private key in PEM form") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKeyError("not an Ed25519 key")
    return key


def public_key(pem: bytes) -> Ed25519PublicKey:
    """The public key in a PEM file (`openssl pkey -pubout`). Raises UnusableKeyError."""
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        raise UnusableKeyError("not a public key in PEM form") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableKeyError("not an Ed25519 key")
    return key


def _base32(secret: bytes) -> str:
    return base64.b32encode(secret).decode().rstrip("=")


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
