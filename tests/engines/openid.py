"""An OpenID provider that is spoken to over HTTP: a fake, the ``oidc-provider-mock`` package.

Real ones want an account, a public address and a person at a browser. It is another's code, so it shares no mistake
with ours; it answers whoever asks.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.engines.process import Command, start
from tests.engines.session import Session
from tests.engines.waiting import free_port


@contextmanager
def openid_provider(engines: Session) -> Iterator[str]:
    """Run a provider until the block ends; yield its issuer URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/.well-known/openid-configuration").is_success
        except httpx.TransportError:
            return False

    # Its own warnings are not ours to mend.
    command = Command(arguments=(sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)))
    folder = Path(tempfile.mkdtemp(prefix="oidc-", dir=engines.folder))
    process = start("oidc-provider-mock", command, folder=folder, owner=engines.owner, ready=answers)
    try:
        yield url
    finally:
        process.stop()
