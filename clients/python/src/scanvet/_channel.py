"""How a client reaches a server, and shows it who calls."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import grpc

Secret = str | Callable[[], str]
PemSource = str | os.PathLike[str] | bytes

# A message is kept until it is known that it need not be sent again; gRPC's own bound is smaller than a photo.
_KEPT_FOR_RETRIES = 512 << 20
_LARGEST_MESSAGE = 512 << 20
_KEEPALIVE_MS = 60_000
_KEEPALIVE_TIMEOUT_MS = 20_000


def service_config() -> str:
    """The published service config: deadlines, retries, largest messages."""
    return resources.files("scanvet").joinpath("service_config.json").read_text("utf-8")


def _pem(source: PemSource | None) -> bytes | None:
    if source is None or isinstance(source, bytes):
        return source
    return Path(source).read_bytes()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Dial:
    """Where the server is, whom the client trusts, what it shows."""

    def __init__(
        self,
        address: str,
        *,
        ca: PemSource | None,
        certificate: PemSource | None,
        key: PemSource | None,
        api_key: Secret | None,
        token: Secret | None,
        insecure: bool,
        config: str | None,
    ) -> None:
        if api_key is not None and token is not None:
            raise ValueError("either a key or a token is shown, not both")
        if (certificate is None) != (key is None):
            raise ValueError("a client's certificate and its key are given together")
        with_certificates = ca is not None or certificate is not None
        scheme, found, rest = address.partition("://")
        if not found:
            scheme, rest = ("https" if with_certificates else "http"), address
        rest = rest.rstrip("/")
        host, _, port = rest.rpartition(":")
        if not port.isdecimal() or not host:
            host, rest = rest, f"{rest}:50051"
        if scheme not in ("http", "https") or not host or "/" in rest:
            raise ValueError(f"{address!r} is no address; say host:port or https://host:port")
        self.secret = api_key if api_key is not None else token
        self.is_key = api_key is not None
        if scheme == "http":
            if with_certificates:
                raise ValueError("certificates are of no use over http://, say https://")
            if self.secret is not None and not insecure and not _is_loopback(host):
                raise ValueError(
                    "a key or token would be sent for all to read: say https://, or insecure=True "
                    "where something else protects the connection"
                )
        self.target = f"dns:///{rest}"
        self.credentials: grpc.ChannelCredentials | None = None
        if scheme == "https":
            self.credentials = grpc.ssl_channel_credentials(
                root_certificates=_pem(ca),
                private_key=_pem(key),
                certificate_chain=_pem(certificate),
            )
        self.options: list[tuple[str, Any]] = [
            ("grpc.service_config", service_config() if config is None else config),
            ("grpc.enable_retries", 1),
            ("grpc.per_rpc_retry_buffer_size", _KEPT_FOR_RETRIES),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
            ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
        ]

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What each call shows; a secret that is a function is asked every time, so it may be renewed."""
        if self.secret is None:
            return ()
        secret = self.secret() if callable(self.secret) else self.secret
        if self.is_key:
            return (("x-api-key", secret.strip()),)
        return (("authorization", f"Bearer {secret.strip()}"),)
