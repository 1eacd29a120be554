"""Serving an application for who measures it: on a core, until standard input ends."""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import Any

import uvicorn


def pin(core: int | None) -> None:
    """Keep this process on the core, where there is one to choose."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def serve(application: Any, *, http: Any) -> None:
    """Serve it by this protocol, once its port is printed."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1_024)  # who is told the port may ask at once
        server = uvicorn.Server(
            uvicorn.Config(
                application,
                loop="uvloop",
                http=http,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
        )

        def end() -> None:
            sys.stdin.read()
            server.should_exit = True

        threading.Thread(target=end, daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])
