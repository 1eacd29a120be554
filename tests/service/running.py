"""The service as clients meet it: uvicorn on a free port of the loopback, in a thread of the test's process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import uvicorn

from variate.access.keyring import Keyring, secret_hash
from variate.model.access import EVERYWHERE, ApiKey, Scope
from variate.platform import Platform
from variate.server.data.streams import HEARTBEAT_SECONDS
from variate.server.operations.protocol import GuardedProtocol
from variate.server.operations.tracing import Tracing
from variate.server.service import Service


def api_key(name: str, *scopes: Scope, environments: Sequence[str] = (EVERYWHERE,), **given: Any) -> ApiKey:
    """Return a key whose secret is ``secret-NAME``."""
    return ApiKey(
        id=f"id-{name}",
        name=name,
        scopes=frozenset(scopes),
        environments=frozenset(environments),
        secret_hash=secret_hash(f"secret-{name}"),
        hint="secret-",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        created_by="tests",
        **given,
    )


KEYS = (
    api_key("evaluate", Scope.EVALUATE),
    api_key("ingest", Scope.INGEST),
    api_key("read", Scope.READ),
    api_key("write", Scope.WRITE),
    api_key("admin", Scope.ADMIN),
)


def keyring_of(keys: Sequence[ApiKey] = KEYS) -> Keyring:
    """Return a keyring of these keys, without a store."""
    return Keyring(load=lambda: keys, note_use=lambda _: None, clock=lambda: datetime.now(UTC), poll_seconds=3600)


def bearer(name: str) -> dict[str, str]:
    """Return the header that shows the key of this name."""
    return {"Authorization": f"Bearer secret-{name}"}


@dataclass(frozen=True)
class Running:
    """A service that answers at ``url``."""

    url: str
    platform: Platform
    service: Service


@contextmanager
def running(
    platform: Platform,
    *,
    keyring: Keyring | None = None,
    tracing: Tracing | None = None,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    kept_alive_seconds: int = 5,
) -> Iterator[Running]:
    """Serve the platform until the block ends; connections on which nothing is asked are kept for so long."""
    service = Service(platform, keyring=keyring or keyring_of(), tracing=tracing, heartbeat_seconds=heartbeat_seconds)
    head_seconds = platform.settings.service.body_timeout_seconds
    with listening(service.application, head_seconds=head_seconds, kept_alive_seconds=kept_alive_seconds) as url:
        try:
            yield Running(url=url, platform=platform, service=service)
        finally:
            service.changes.close()


@contextmanager
def listening(
    application: Callable[..., Any], *, head_seconds: float = 10.0, kept_alive_seconds: int = 5
) -> Iterator[str]:
    """Serve an ASGI application until the block ends; yield its URL."""
    protocol: Any = partial(GuardedProtocol, head_seconds=head_seconds)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(
                application,
                http=protocol,
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=kept_alive_seconds,
                timeout_graceful_shutdown=5,
            )
        )
        started = threading.Event()
        startup = server.startup

        async def announced(sockets: list[socket.socket] | None = None) -> None:
            await startup(sockets=sockets)
            started.set()

        server.startup = announced  # type: ignore[method-assign]  # to wait for what it has no event for
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            assert started.wait(timeout=30)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            assert not thread.is_alive()
