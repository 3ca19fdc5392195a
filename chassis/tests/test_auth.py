"""Tokens: one that is exactly right is believed, and every forgery of it is not (RFC 8725)."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chassis.auth import LIFETIME_SECONDS, Caller, Signer, Unauthenticated, Verifier, service_caller
from cli.infrastructure import make_keys
from kernel.errors import Forbidden

SERVICES = frozenset({"billing", "payments", "legal"})


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    make_keys(folder, ["rheintel"])
    return folder


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forger:
    """Holds one issuer's key and writes what it likes."""

    def __init__(self, keys, issuer="cli", key=None) -> None:
        self.keys, self.issuer = keys, issuer
        self.key = key or Signer(keys, issuer)._key.private_key

    def token(self, header=None, payload=None, **claims) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": "billing", "sub": "clerk", "units": ["rheintel"], "roles": ["clerk"],
            "iat": now, "nbf": now, "exp": now + LIFETIME_SECONDS,
        } | claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        body = f"{encoded({'alg': 'Ed25519', 'typ': 'at+jwt'} | (header or {}))}.{encoded(claims if payload is None else payload)}"
        return f"{body}.{encoded(self.key.sign(body.encode()))}"

    def hs256(self) -> str:
        """Signed with the public key as if it were a shared secret: the classic confusion."""
        header, payload, _ = self.token(header={"alg": "HS256"}).split(".")
        secret = (self.keys / "cli.pub.pem").read_bytes()
        return f"{header}.{payload}.{encoded(hmac.new(secret, f'{header}.{payload}'.encode(), hashlib.sha256).digest())}"


@pytest.fixture
def forger(keys):
    return Forger(keys)


@pytest.fixture
def verifier(keys):
    return Verifier(keys, "billing", SERVICES)


def test_what_the_forger_starts_from_is_believed(forger, verifier):
    assert verifier.verify(forger.token()) == Caller("clerk", "cli", frozenset({"rheintel"}), frozenset({"clerk"}))


def test_what_a_signer_signs_is_believed_by_its_audience_alone(keys):
    token = Signer(keys, "payments").sign("billing", "payments", frozenset("*"), frozenset({"service"}))

    assert Verifier(keys, "billing", SERVICES).verify(token) == service_caller("payments")
    with pytest.raises(Unauthenticated):
        Verifier(keys, "legal", SERVICES).verify(token)


NOW = int(time.time())
CLAIMS = {
    "for another service": {"aud": "payments"},
    "for nobody": {"aud": None},
    "for several at once": {"aud": ["billing", "payments"]},
    "in another issuer's name": {"iss": "billing"},
    "in nobody's name": {"iss": None},
    "expired": {"exp": NOW - 60},
    "not yet valid": {"nbf": NOW + 3_600, "exp": NOW + 7_200},
    "without an end": {"exp": None},
    "without a beginning": {"nbf": None},
    "with its end as text": {"exp": str(NOW + 300)},
    "with its end as a fraction": {"exp": NOW + 300.5},
    "about nobody": {"sub": None},
    "about an empty name": {"sub": ""},
    "about a number": {"sub": 7},
    "of a person who says to be a service": {"roles": ["service"]},
    "of a person for every unit": {"units": ["*"]},
    "with its units as a number": {"units": 7},
    "with its roles as a text": {"roles": "service"},
    "with its roles in a list of lists": {"roles": [["clerk"]]},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_a_token_is_refused(forger, verifier, claims):
    with pytest.raises(Unauthenticated):
        verifier.verify(forger.token(**claims))


HEADERS = {
    "of no algorithm": {"alg": "none"},
    "of another algorithm": {"alg": "ES256"},
    "of the older name of the algorithm": {"alg": "EdDSA"},
    "of another kind": {"typ": "JWT"},
    "of no kind": {"typ": None},
    "that asks for what we do not know": {"crit": ["exp2"], "exp2": 1},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_is_refused(forger, verifier, header):
    with pytest.raises(Unauthenticated):
        verifier.verify(forger.token(header=header))


def test_an_unsigned_token_is_refused(forger, verifier):
    header, payload, _ = forger.token(header={"alg": "none"}).split(".")
    with pytest.raises(Unauthenticated):
        verifier.verify(f"{header}.{payload}.")


def test_the_public_key_is_no_shared_secret(forger, verifier):
    with pytest.raises(Unauthenticated):
        verifier.verify(forger.hs256())


@pytest.mark.parametrize("name", ["kid", "jku", "x5u", "jwk"])
def test_a_header_brings_no_key_of_its_own(keys, verifier, name):
    stranger = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(stranger.public_key().public_bytes_raw())}
    brought = {"kid": "cli", "jku": "https://keys.example/jwks", "x5u": "https://keys.example/x5u", "jwk": jwk}[name]

    with pytest.raises(Unauthenticated):
        verifier.verify(Forger(keys, key=stranger).token(header={name: brought}))


def test_another_issuers_key_does_not_speak_for_this_one(keys, verifier):
    with pytest.raises(Unauthenticated):
        verifier.verify(Forger(keys, "cli", Signer(keys, "payments")._key.private_key).token())


def test_a_service_does_not_speak_for_another(keys, verifier):
    with pytest.raises(Unauthenticated):
        verifier.verify(Forger(keys, "payments").token(sub="collections", roles=["service"], units=["*"]))


def test_changed_content_breaks_the_signature(forger, verifier):
    header, payload, signature = forger.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    with pytest.raises(Unauthenticated):
        verifier.verify(f"{header}.{encoded(claims | {'units': ['naniwa']})}.{signature}")


@pytest.mark.parametrize("keep", [0, 1, 10, 60, -1, -2, -10])
def test_a_truncated_token_is_refused(forger, verifier, keep):
    with pytest.raises(Unauthenticated):
        verifier.verify(forger.token()[:keep])


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"7", b"{", b"\xff"])
def test_content_that_is_no_set_of_claims_is_refused(forger, verifier, payload):
    with pytest.raises(Unauthenticated):
        verifier.verify(forger.token(payload=payload))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "Bearer", "債権", "\x00" * 10])
def test_noise_is_refused(verifier, token):
    with pytest.raises(Unauthenticated):
        verifier.verify(token)


def test_a_key_that_is_not_in_the_folder_is_unknown(tmp_path, keys):
    own = Ed25519PrivateKey.generate()
    (tmp_path / "stranger.pem").write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    token = Signer(tmp_path, "stranger").sign("billing", "stranger", frozenset("*"), frozenset({"service"}))

    with pytest.raises(Unauthenticated):
        Verifier(keys, "billing", SERVICES).verify(token)


def test_a_unit_that_the_token_does_not_list_is_refused(forger, verifier):
    caller = verifier.verify(forger.token())

    assert caller.for_unit("rheintel") == "rheintel"
    for unit in ("naniwa", "", "*"):
        with pytest.raises(Forbidden):
            caller.for_unit(unit)
    with pytest.raises(Forbidden):
        caller.need(frozenset({"auditor"}))
