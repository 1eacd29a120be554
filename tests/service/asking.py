"""One HTTP client for all tests: making one takes longer than most of what is asked."""

from __future__ import annotations

import httpx

http = httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))
