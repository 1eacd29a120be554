"""What answers where Redis is looked for."""

from __future__ import annotations

from variate.stores.redis.connection import Connect, translated

from redis import exceptions as driver  # isort: skip - the line above says what to install where it is missing


def describe_server(connect: Connect) -> str:
    """Return the server's name and version; raise ``StoreUnavailableError`` unless it answers."""
    with translated:
        client = connect()
        client.ping()
        try:
            version = client.info("server")["redis_version"]
        except (driver.ResponseError, KeyError):
            # A user may be allowed to read and write, and not to ask about the server.
            return "Redis"
        return f"Redis {version}"
