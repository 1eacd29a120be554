"""A gate in front of an engine: open, shut (connections refused) or stuck (connected, and silent)."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress


class Gate:
    """Forwards a loopback port of its own to ``target``, so that one test can cut off an engine that others use."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self._flowing = threading.Event()
        self._threads: list[threading.Thread] = []
        self.port = 0
        self.connections = 0
        self.open()

    def open(self) -> None:
        """Let everything through, on the same port as before."""
        self._flowing.set()
        if self._listener is not None:
            return
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)

    def stick(self) -> None:
        """Take connections and bytes, and pass nothing on, as a host that hangs."""
        self._flowing.clear()

    def shut(self) -> None:
        """Reset every connection and refuse new ones, as a host whose server ended."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone leaves the accepting thread, and with it the port, as it is.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for each in sockets:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        """Shut for good; return when its threads have ended."""
        self.shut()
        self._flowing.set()
        for thread in self._threads:
            thread.join(10)

    def _run(self, task: object, *args: object) -> None:
        thread = threading.Thread(target=task, args=args, daemon=True)  # type: ignore[arg-type] # a callable
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._sockets += [near, far]
            self._run(self._pump, near, far)
            self._run(self._pump, far, near)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flowing.wait()
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
