"""A way to an engine that can be made to fail as networks do."""

from __future__ import annotations

import select
import socket
import threading


class Forwarder:
    """Passes what connects to ``port`` on to ``target``, until told otherwise."""

    def __init__(self, target: int, *, port: int = 0) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", port))
        self._ways: list[_Way] = []
        self.port: int = self._server.getsockname()[1]

    def __enter__(self) -> Forwarder:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        for way in self._ways:
            way.close()

    def hang(self) -> int:
        """Let the present connections stand and carry nothing more; new ones work. Return how many hang."""
        for way in self._ways:
            way.hangs = True
        return len(self._ways)

    def cut_at_the_next_word(self) -> None:
        """End each present connection when its client next says something; new ones work."""
        for way in self._ways:
            way.cuts = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            way = _Way(near, socket.create_connection(("127.0.0.1", self._target)))
            self._ways.append(way)
            threading.Thread(target=way.carry, daemon=True).start()


class _Way:
    """One connection, from the client (near) to the engine (far)."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self._near, self._far = near, far
        self.hangs = False
        self.cuts = False

    def carry(self) -> None:
        try:
            while True:
                for source in select.select([self._near, self._far], [], [])[0]:
                    data = source.recv(65_536)
                    if not data or (self.cuts and source is self._near):
                        self.close()
                        return
                    if not self.hangs:
                        (self._far if source is self._near else self._near).sendall(data)
        except (OSError, ValueError):
            return

    def close(self) -> None:
        for end in (self._near, self._far):
            end.close()
