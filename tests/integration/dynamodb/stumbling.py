"""A client whose next answers to one operation are given, and which is the engine's own after that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.engines.tables import FreshTables

Answer = Callable[[Callable[..., Any], dict[str, Any]], Any]
"""Given the real method and the request, return an answer or raise an error."""


class StumblingTables:
    """A ``TableSource`` over ``tables`` whose client gives ``answers``, in turn, to ``operation``."""

    def __init__(self, tables: FreshTables, operation: str, *answers: Answer) -> None:
        self._tables = tables
        self.client: Any = _StumblingClient(tables.client, operation, list(answers))

    def table_name(self, table_key: str) -> str:
        return self._tables.table_name(table_key)

    @property
    def left(self) -> int:
        """How many of the answers were not asked for."""
        found: int = len(self.client.answers)
        return found


class _StumblingClient:
    def __init__(self, client: Any, operation: str, answers: list[Answer]) -> None:
        self._client = client
        self._operation = operation
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name != self._operation:
            return real

        def call(**request: Any) -> Any:
            return self.answers.pop(0)(real, request) if self.answers else real(**request)

        return call


def refused(code: str, *, status: int = 400, **more: Any) -> Answer:
    """Answer with this error."""

    def answer(real: Callable[..., Any], request: dict[str, Any]) -> Any:
        response: Any = {
            "Error": {"Code": code, "Message": f"made up: {code}"},
            "ResponseMetadata": {"HTTPStatusCode": status},
            **more,
        }
        raise ClientError(response, "Operation")

    return answer


def cancelled(*codes: str) -> Answer:
    """Cancel the transaction for these reasons, in turn and again from the first."""

    def answer(real: Callable[..., Any], request: dict[str, Any]) -> Any:
        puts = request["TransactItems"]
        reasons = [{"Code": codes[number % len(codes)]} for number in range(len(puts))]
        return refused("TransactionCanceledException", CancellationReasons=reasons)(real, request)

    return answer


def without_item(real: Callable[..., Any], request: dict[str, Any]) -> Any:
    """Ask the engine, but hide what stands in the way of a refused put, as older engines do."""
    try:
        return real(**request)
    except ClientError as error:
        response: Any = error.response
        response.pop("Item", None)
        for reason in response.get("CancellationReasons", []):
            reason.pop("Item", None)
        raise
