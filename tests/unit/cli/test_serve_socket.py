"""The socket that ``variate serve --fd`` is handed."""

from __future__ import annotations

import os
import socket

import pytest

from variate.cli.serve import inherited, url_of
from variate.errors import ConfigurationError


def test_a_socket_of_tcp_is_listened_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened, inherited(os.dup(opened.fileno())) as found:
        assert url_of(found) == f"http://127.0.0.1:{opened.getsockname()[1]}"


@pytest.mark.parametrize(
    ("family", "kind"), [(socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM)]
)
def test_a_socket_of_another_kind_is_refused(family: socket.AddressFamily, kind: socket.SocketKind) -> None:
    with socket.socket(family, kind) as opened, pytest.raises(ConfigurationError, match=r"--fd: .* one of TCP"):
        inherited(os.dup(opened.fileno()))
