"""Certificates of one's own: an authority and a folder for each name, as `chassis.transport` reads them."""

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chassis.clock import wall_now
from chassis.transport import CA, CERTIFICATE, KEY
from cli.infrastructure.ports import HOST
from cli.secret_files import write_private

# Trials and single machines; a cluster's authority renews its own within weeks.
LIFETIME = timedelta(days=30)
# gRPC's TLS library knows no Ed25519 in certificates.
CURVE = ec.SECP256R1()


def make_certificates(folder: Path, names: Iterable[str]) -> None:
    """`<folder>/<name>/{ca.crt,tls.crt,tls.key}` for each name, all of one new authority; valid for this machine's own address."""
    authority = ec.generate_private_key(CURVE)
    root = _builder("saiken", authority, "saiken").add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(_usage(signs=True), critical=True)
    top = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False).sign(authority, SHA256())
    for name in names:
        key = ec.generate_private_key(CURVE)
        names_of = x509.SubjectAlternativeName([x509.DNSName(name), x509.DNSName("localhost"), x509.IPAddress(ip_address(HOST))])
        both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        leaf = _builder(name, key, "saiken").add_extension(names_of, critical=False).add_extension(both, critical=False)
        leaf = leaf.add_extension(_usage(signs=False), critical=True)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        made = leaf.add_extension(issuer, critical=False).sign(authority, SHA256())
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        (place / CA).write_bytes(top.public_bytes(Encoding.PEM))
        (place / CERTIFICATE).write_bytes(made.public_bytes(Encoding.PEM))
        write_private(place / KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _builder(subject: str, key: ec.EllipticCurvePrivateKey, issuer: str) -> x509.CertificateBuilder:
    now = wall_now()
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
