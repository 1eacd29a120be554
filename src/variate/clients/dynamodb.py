"""The guide's DynamoDB client: tables by key, their names from SSM or by convention."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from variate.clients.configured import ConfiguredClient
from variate.errors import VariateError
from variate.patience import seconds_left
from variate.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient as LowLevelClient
    from mypy_boto3_dynamodb import DynamoDBServiceResource
    from mypy_boto3_dynamodb.service_resource import Table

    from variate.aws.session import AwsSession

_HURRY_SECONDS = 5.0
"""Whoever has less time than this is given the client that tries once: the other may take ten seconds to give up."""

logger = logging.getLogger(__name__)


class DynamoDBClient(ConfiguredClient):
    """DynamoDB, connected to at the first use. Safe to use from many threads.

    The endpoint is ``settings.dynamodb_endpoint``, else ``settings.aws_endpoint``, else what boto3 finds.
    """

    def __init__(self, environment: str | None = None, *, settings: Settings | None = None) -> None:
        super().__init__(environment, settings=settings)
        self._session: AwsSession | None = None
        self._asks_ssm: bool | None = None
        self._said: set[str] = set()
        self._of_thread = _OfThread()

    @property
    def dynamodb(self) -> DynamoDBServiceResource:
        """boto3's resource. Its ``meta.client`` takes and gives plain Python values, as the guide uses it."""
        return self._connected().dynamodb_resource

    @property
    def client(self) -> LowLevelClient:
        """The low-level client, safe to use from many threads: values are attributes such as ``{"S": "text"}``.

        ``dynamodb.meta.client`` is another: it takes and gives plain Python values. A decision, which has little time
        (see ``variate.patience``), gets one that gives up soon.
        """
        session = self._connected()
        return session.dynamodb if seconds_left() > _HURRY_SECONDS else session.dynamodb_in_a_hurry

    def get_table(self, table_key: str) -> Table:
        """Return the table of this key, such as ``assignments``: boto3's object, for the calling thread alone."""
        resource, name = self.dynamodb, self.table_name(table_key)
        tables = self._of_thread.tables_of(resource)
        if name not in tables:
            tables[name] = resource.Table(name)
        return tables[name]

    def table_name(self, table_key: str) -> str:
        """Return what SSM says under ``/experimentation/{environment}/dynamodb/{table_key}-table``.

        Where it says nothing or cannot be asked: ``experimentation-{table_key}-{environment}``, said once in the log.
        """
        convention = f"experimentation-{table_key}-{self.environment}"
        if not self._has_ssm():
            return convention
        path = f"dynamodb/{table_key}-table"
        try:
            name = self._parameter(path)
            reason = f"SSM has no {self._parameter_name(path)}"
        except VariateError as error:
            name, reason = None, str(error)
        if name:
            self._said.discard(table_key)
            return name
        if table_key not in self._said:
            self._said.add(table_key)
            logger.warning("using the conventional table name %s: %s", convention, reason)
        return convention

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        with self._lock:
            if self._session is not None:
                self._session.close()

    def _has_ssm(self) -> bool:
        """Whether to ask SSM: not where DynamoDB is an engine of our own and SSM would still be Amazon's."""
        if self._asks_ssm is None:
            if self.settings.dynamodb_endpoint is None or self.settings.aws_endpoint is not None:
                self._asks_ssm = True
            else:
                self._asks_ssm = self._discover().has_own_ssm()
        return self._asks_ssm

    def _connected(self) -> AwsSession:
        if self._session is None:
            with self._lock:
                if self._session is None:
                    self._session = self._discover().session_at(self.settings.dynamodb_endpoint)
        return self._session


class _OfThread(threading.local):
    """The calling thread's tables. boto3 takes 0.4 ms to make one, and lets no two threads share it."""

    def __init__(self) -> None:
        self._resource: DynamoDBServiceResource | None = None
        self._tables: dict[str, Table] = {}

    def tables_of(self, resource: DynamoDBServiceResource) -> dict[str, Table]:
        """Return those made of this resource; those of one that was closed are forgotten."""
        if self._resource is not resource:
            self._resource, self._tables = resource, {}
        return self._tables


dynamodb_client = DynamoDBClient()
"""The client of the environment's settings."""
