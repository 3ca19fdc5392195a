"""Identity: short tokens that each service signs for itself, and what a caller may do."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from kernel.errors import Forbidden, Refused

# Long enough for a slow call, short enough that a leaked token is soon worthless.
LIFETIME_SECONDS = 300
# A token is used again while it has at least this long to live.
RENEWED_SECONDS = 60
# Verified tokens that are remembered until they end; a service has far fewer callers at a time.
REMEMBERED = 1_000
# Clocks of two hosts may differ by this much.
LEEWAY_SECONDS = 5
ALGORITHM = "Ed25519"  # RFC 9864; fixed here, never taken from a token's header (RFC 8725, 3.1)
TYPE = "at+jwt"  # RFC 9068
ATTESTED = "statement+jwt"
SERVICE = "service"


class Unauthenticated(Refused):
    """No token, or one that does not hold."""

    code = "UNAUTHENTICATED"


@dataclass(frozen=True)
class Caller:
    """Who acts: a person or a service, with the units and roles its token lists. `*` is every unit (services only)."""

    subject: str
    issuer: str
    units: frozenset[str]
    roles: frozenset[str]

    def for_unit(self, unit: str) -> str:
        """The unit the request chose. Refuses: FORBIDDEN."""
        if "*" not in self.units and unit not in self.units:
            raise Forbidden("the token does not list this business unit", business_unit=unit)
        return unit

    def need(self, roles: frozenset[str]) -> None:
        """Refuses: FORBIDDEN when none of the roles is the caller's."""
        if not self.roles & roles:
            raise Forbidden(f"this needs one of the roles {', '.join(sorted(roles))}")


def service_caller(service: str) -> Caller:
    """A service acting for itself: subscribers and activities."""
    return Caller(service, service, frozenset("*"), frozenset({SERVICE}))


class Signer:
    """Signs tokens with one issuer's private key."""

    def __init__(self, keys: Path, issuer: str) -> None:
        self.issuer = issuer
        self._key = OKPKey.import_key((keys / f"{issuer}.pem").read_bytes())
        self._signed: dict[tuple[str, str, frozenset[str], frozenset[str]], tuple[int, str]] = {}

    def sign(self, audience: str, subject: str, units: frozenset[str], roles: frozenset[str]) -> str:
        """A token for one audience; the same one until it is about to end."""
        now, what = int(time.time()), (audience, subject, units, roles)
        expires, token = self._signed.get(what, (0, ""))
        if expires - now < RENEWED_SECONDS:
            token = self._sign(now, *what)
            self._signed[what] = now + LIFETIME_SECONDS, token
        return token

    def attest(self, claims: Mapping[str, str | int]) -> str:
        """A signed statement of facts: no access token, which its type says."""
        return jwt.encode({"alg": ALGORITHM, "typ": ATTESTED}, {"iss": self.issuer, **claims}, self._key, algorithms=[ALGORITHM])

    def _sign(self, now: int, audience: str, subject: str, units: frozenset[str], roles: frozenset[str]) -> str:
        claims = {
            "iss": self.issuer,
            "aud": audience,
            "sub": subject,
            "units": sorted(units),
            "roles": sorted(roles),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
        }
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE}, claims, self._key, algorithms=[ALGORITHM])


class Verifier:
    """Checks tokens against the public keys in the folder: an issuer is known by its file, not by its token."""

    def __init__(self, keys: Path, audience: str, services: frozenset[str]) -> None:
        """`services`: the issuers that may speak as a service; people's issuers may not, whatever their token says."""
        self.audience, self._services = audience, services
        self._keys: Mapping[str, OKPKey] = {
            path.name.removesuffix(".pub.pem"): OKPKey.import_key(path.read_bytes()) for path in keys.glob("*.pub.pem")
        }
        self._verified: dict[str, tuple[Caller, int]] = {}

    def verify(self, token: str) -> Caller:
        """The caller. A signature is checked once, a token's end each time. Refuses: UNAUTHENTICATED."""
        if found := self._verified.get(token):
            caller, expires = found
            if time.time() <= expires + LEEWAY_SECONDS:
                return caller
            del self._verified[token]
        caller, expires = self._verify(token)
        if len(self._verified) >= REMEMBERED:
            self._verified.clear()
        self._verified[token] = caller, expires
        return caller

    def _verify(self, token: str) -> tuple[Caller, int]:
        for issuer, key in self._keys.items():
            try:
                decoded = jwt.decode(token, key, algorithms=[ALGORITHM])
            except (JoseError, ValueError):
                continue
            return self._check(issuer, decoded)
        raise Unauthenticated("the token is not signed by a known issuer")

    def _check(self, issuer: str, decoded: jwt.Token) -> tuple[Caller, int]:
        claims, now = decoded.claims, time.time()
        if decoded.header.get("typ") != TYPE or claims.get("iss") != issuer or claims.get("aud") != self.audience:
            raise Unauthenticated("the token is not meant for this service")
        expires, begins = claims.get("exp"), claims.get("nbf")
        if not isinstance(expires, int) or not isinstance(begins, int):
            raise Unauthenticated("the token has no lifetime")
        if not begins - LEEWAY_SECONDS <= now <= expires + LEEWAY_SECONDS:
            raise Unauthenticated("the token is not valid now")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise Unauthenticated("the token names nobody")
        roles, units = _names(claims.get("roles")), _names(claims.get("units"))
        if (SERVICE in roles and (claims["sub"] != issuer or issuer not in self._services)) or ("*" in units and SERVICE not in roles):
            raise Unauthenticated("only a service speaks for itself and for every unit")
        return Caller(claims["sub"], issuer, units, roles), expires


def attested(keys: Path, issuer: str, statement: str) -> Mapping[str, str | int]:
    """What an issuer stated. Refuses: UNAUTHENTICATED when it is not its signature."""
    try:
        decoded = jwt.decode(statement, OKPKey.import_key((keys / f"{issuer}.pub.pem").read_bytes()), algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        raise Unauthenticated("the statement is not signed by its issuer", issuer=issuer) from None
    if decoded.header.get("typ") != ATTESTED or decoded.claims.get("iss") != issuer:
        raise Unauthenticated("the statement is not its issuer's", issuer=issuer)
    return decoded.claims


def _names(claim: object) -> frozenset[str]:
    if not isinstance(claim, list) or not all(isinstance(name, str) for name in claim):
        raise Unauthenticated("units and roles are lists of names")
    return frozenset(claim)
