"""A broker over TLS proves who it is, or nothing is said to it."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import Celery
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kombu.exceptions import OperationalError

from portal import backing

SCHEMES = ["rediss://:secret@{}:{}/0", "amqps://quayside:secret@{}:{}//"]


@dataclass
class Impostor:
    """Somebody with a certificate for `localhost` who hears what is said after the handshake, and hangs up."""

    certificate: Path
    port: int
    heard: list[bytes] = field(default_factory=list)


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Impostor]:
    certificate, key = a_certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    door = socket.create_server(("127.0.0.1", 0))
    listening = Impostor(certificate, door.getsockname()[1])

    def listen() -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return
            line.settimeout(5)
            try:
                with context.wrap_socket(line, server_side=True) as spoken:
                    listening.heard.append(spoken.recv(100))
            except OSError:
                line.close()  # it did not believe us

    thread = threading.Thread(target=listen)
    thread.start()
    yield listening
    door.shutdown(socket.SHUT_RDWR)
    door.close()
    thread.join(10)


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(made.public_bytes(encoding))
    form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, form, secret))
    return folder / "certificate.pem", folder / "key.pem"


def speak(address: str, authority: str) -> None:
    parts = urlsplit(address)
    app = Celery(broker=backing.broker(parts), set_as_current=False)
    app.conf.broker_use_ssl = backing.broker_tls(parts, authority)
    app.conf.broker_transport_options = backing.broker_options(parts)
    app.conf.broker_connection_timeout = 3
    with pytest.raises(OperationalError):
        app.send_task("outbox.deliver", retry=False)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_whom_we_believe_is_spoken_to(impostor, scheme):
    speak(scheme.format("localhost", impostor.port), str(impostor.certificate))

    assert impostor.heard


@pytest.mark.parametrize("scheme", SCHEMES)
def test_whom_nobody_vouches_for_hears_nothing(impostor, scheme):
    speak(scheme.format("localhost", impostor.port), "")

    assert impostor.heard == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_who_is_vouched_for_under_another_name_hears_nothing(impostor, scheme):
    speak(scheme.format("127.0.0.1", impostor.port), str(impostor.certificate))

    assert impostor.heard == []
