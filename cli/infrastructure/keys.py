"""Keys of one suite: an Ed25519 pair per issuer of tokens, two random keys per business unit."""

import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cli.secret_files import write_private
from kernel.errors import Unreadable

ISSUERS = ("billing", "payments", "collections", "legal", "notifications", "gateway", "cli")
# AES-256-GCM seals columns, HMAC-SHA-256 makes the blind index: 32 bytes each.
UNIT_KEY_BYTES = 32
UNIT_KEYS = ("seal", "blind")
# A unit's id becomes a file's name and a header's value.
_UNIT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def read_unit_ids(path: Path) -> list[str]:
    """The keys of the mapping `units:`. Raises Unreadable with the file when there is none."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Unreadable("INVALID", "the file of the business units does not exist", file=str(path)) from None
    except UnicodeDecodeError:
        raise Unreadable("ENCODING", "the file of the business units is not UTF-8", file=str(path)) from None
    except yaml.YAMLError as error:
        raise Unreadable("INVALID", f"the file of the business units is not YAML: {error}", file=str(path)) from None
    units = document.get("units") if isinstance(document, dict) else None
    if not isinstance(units, dict) or not units:
        raise Unreadable("INVALID", "the file has no mapping `units:` with at least one unit", file=str(path))
    for unit in units:
        if not isinstance(unit, str) or not _UNIT_ID.fullmatch(unit):
            raise Unreadable("INVALID", f"{unit!r} is not a unit's id ({_UNIT_ID.pattern})", file=str(path))
    return list(units)


def make_keys(folder: Path, units: Iterable[str]) -> None:
    """Makes what is missing and leaves what is there: a key that changed would make its column unreadable."""
    sealed = folder / "units"
    for place in (folder, sealed):
        place.mkdir(mode=0o700, exist_ok=True)
    for issuer in ISSUERS:
        _make_pair(folder, issuer)
    for unit in units:
        for purpose in UNIT_KEYS:
            path = sealed / f"{unit}.{purpose}"
            if not path.exists():
                write_private(path, secrets.token_bytes(UNIT_KEY_BYTES))


def _make_pair(folder: Path, issuer: str) -> None:
    private, public = folder / f"{issuer}.pem", folder / f"{issuer}.pub.pem"
    if private.exists() and public.exists():
        return
    key = Ed25519PrivateKey.generate()
    write_private(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write_private(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
