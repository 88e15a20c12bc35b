"""A self-signed certificate for `--lan`: browsers give a phone's camera to https pages only."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from livecommerce.foundation.core.errors import ConfigurationError

VALID_FOR = timedelta(days=365)
RENEW_BEFORE = timedelta(days=7)
SOMEWHERE_ELSE = "192.0.2.1"
"""An address of documentation (RFC 5737): asking for a route to it sends nothing."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files."""

    certificate: Path
    key: Path


def lan_address() -> str:
    """Return the address under which other devices of the network reach this machine.

    Raises:
        ConfigurationError: there is no network.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((SOMEWHERE_ELSE, 9))
            address = str(probe.getsockname()[0])
        except OSError as exc:
            raise ConfigurationError("This machine is in no network; start the demo without --lan.") from exc
    return address


def make_certificate(folder: Path, address: str) -> Certificate:
    """Return a certificate for one IP address and this machine; kept in `folder` and made anew when it does not fit."""
    made = Certificate(folder / "lan.crt", folder / "lan.key")
    if not _fits(made, address):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        _write(made.key, _key_bytes(key))
        _write(made.certificate, _sign(key, address).public_bytes(serialization.Encoding.PEM))
    return made


def trust(certificate: str) -> ssl.SSLContext | bool:
    """Return what a client of ours passes as `ssl`: our own certificate and no other, or the usual rules."""
    return ssl.create_default_context(cafile=certificate) if certificate else True


def _fits(made: Certificate, address: str) -> bool:
    if not made.certificate.exists() or not made.key.exists():
        return False
    try:
        certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    in_time = certificate.not_valid_after_utc > datetime.now(UTC) + RENEW_BEFORE
    return in_time and ipaddress.ip_address(address) in names.get_values_for_type(x509.IPAddress)


def _sign(key: ec.EllipticCurvePrivateKey, address: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "livecommerce demo")])
    now = datetime.now(UTC)
    names = [
        x509.IPAddress(ipaddress.ip_address(address)),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
