"""Signs the ledger's head, so that a head kept elsewhere proves what the ledger was.

Ed25519. The private key is a text of the environment; who checks needs the public one only.
"""

import base64
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

from checkpoints.vault import decoded
from tools.contract import Record, canonical
from tools.errors import StoreFault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VARIABLE: Final = "SUREFOOT_SIGNING_KEY"
_PURPOSE: Final = b"surefoot head 1\n"
"""So that nothing else that the key may sign is taken for a head."""
_EXTRA: Final = "pip install 'surefoot[encryption]'"


class Head(Record):
    """The newest entry of a ledger at a moment, signed."""

    seq: int
    hash: str
    at: datetime
    """When it was signed."""
    file: str = ""
    """SHA-256 of the export that it ends; empty when it stands alone."""
    public_key: str = ""
    """In base64; empty when it is not signed."""
    signature: str = ""

    @property
    def signer(self) -> str:
        """The fingerprint of the key; empty when it is not signed."""
        return fingerprint(self.public_key) if self.public_key else ""

    def signed_with(self, key: str) -> "Head":
        """Return it signed.

        Args:
            key: The private key, as `new_key` makes it.

        Raises:
            BadInput: It is none.
            StoreFault: The extra `encryption` is not installed.
        """
        signed = self.model_copy(update={"public_key": public_key(key), "signature": ""})
        signature = _private(key).sign(signed.message())
        return signed.model_copy(update={"signature": base64.b64encode(signature).decode()})

    def problem(self, *, trusted: str = "") -> str:
        """Say what is wrong with its signature; empty when nothing is.

        Args:
            trusted: The public key that it must be signed with, or its fingerprint; any when empty.
        """
        if trusted and trusted not in {self.public_key, self.signer}:
            by = f"by {self.signer}" if self.signer else "by nobody"
            return f"the head is signed {by}, not with the key that is trusted"
        return "" if not self.public_key or self._holds() else "the signature of the head is wrong"

    def _holds(self) -> bool:
        try:
            from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # an extra
            from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  # an extra
                Ed25519PublicKey,
            )
        except ModuleNotFoundError as fault:
            raise _missing() from fault
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.public_key))
            key.verify(base64.b64decode(self.signature), self.message())
        except (InvalidSignature, ValueError):
            return False
        return True

    def message(self) -> bytes:
        """Return what is signed: all but the signature."""
        rest = {name: value for name, value in self.to_json().items() if name != "signature"}
        return _PURPOSE + canonical(rest).encode()


def public_key(key: str) -> str:
    """Return the public half of a private key, in base64; raises as `Head.signed_with` does."""
    return base64.b64encode(_private(key).public_key().public_bytes_raw()).decode()


def fingerprint(public: str) -> str:
    """Return what tells public keys apart at a glance."""
    return hashlib.sha256(public.encode()).hexdigest()[:32]


def _private(key: str) -> "Ed25519PrivateKey":
    raw = decoded(key.strip(), VARIABLE, "surefoot key new --signing")
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  # an extra
            Ed25519PrivateKey,
        )
    except ModuleNotFoundError as fault:
        raise _missing() from fault
    return Ed25519PrivateKey.from_private_bytes(raw)


def _missing() -> StoreFault:
    return StoreFault("The package for signatures is not installed.", advice=_EXTRA)
