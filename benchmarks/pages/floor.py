"""A page of the same framework and template engine by themselves: no session, no store, nothing but a table."""

from __future__ import annotations

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_PAGE = """<!doctype html><html lang="en"><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>
<table><caption>{{ rows|length }} rows</caption>
{% for row in rows %}<tr><td><a href="/{{ row.id }}">{{ row.name }}</a></td><td>{{ row.owner }}</td></tr>
{% endfor %}</table></body></html>"""
_ROWS = [{"id": f"row-{number}", "name": f"Row <{number}>", "owner": "ada@example.com"} for number in range(50)]


def floor() -> Starlette:
    """Return the application."""
    template = Environment(autoescape=True).from_string(_PAGE)

    async def page(_: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(template.render, title="Fifty rows", rows=_ROWS))

    return Starlette(routes=[Route("/", page)])
