"""Style sheets and scripts: our own files and those of reports, under a name that changes with what is in them."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from variate.rendering.environment import style

PATH = "/static/{digest}/{name}"
_FOR_EVER = "public, max-age=31536000, immutable"


@cache
def _held() -> dict[str, bytes]:
    folder = files("variate.server.dashboard").joinpath("static")
    own = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
    shared = {name: style(name).encode() for name in ("palette.css", "report.css")}
    return {**own, **shared}


@cache
def _digest() -> str:
    digest = hashlib.sha256()
    for name, content in sorted(_held().items()):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:16]


def asset(name: str) -> str:
    """Return the path of one of the files."""
    if name not in _held():
        raise LookupError(f"there is no file {name!r} among those of the dashboard")
    return f"/static/{_digest()}/{name}"


async def send_asset(request: Request) -> Response:
    """Answer with one of the files; under another digest, as of a page from before an upgrade, it is not to be kept."""
    content = _held().get(request.path_params["name"])
    if content is None:  # as a page from before an upgrade asks for one that is no more
        return PlainTextResponse("there is no such file\n", status_code=404)
    kind = mimetypes.guess_type(request.path_params["name"])[0] or "application/octet-stream"
    current = request.path_params["digest"] == _digest()
    return Response(content, media_type=kind, headers={"Cache-Control": _FOR_EVER if current else "no-cache"})
