"""AWS clients: made at first use, one of each service, with an endpoint and region of our choosing."""

from __future__ import annotations

import functools
import ipaddress
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from variate.errors import ConfigurationError, MissingExtraError, StoreError, StoreUnavailableError, VariateError
from variate.stores.wrappers.retrying import is_transient

try:
    import boto3
    import botocore.session
    from botocore import exceptions as driver
    from botocore.config import Config
    from botocore.loaders import Loader, create_loader
except ModuleNotFoundError as missing:
    raise MissingExtraError("boto3", "dynamodb") from missing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

BOTO_ERRORS = (driver.ClientError, driver.BotoCoreError)
"""Everything boto3 raises; ``failure`` translates it."""
LOCAL_REGION = "us-east-1"
LOCAL_KEY = "local"
"""The credentials of an engine on this machine, which asks for some and checks none."""

# Discovery stands before the first query of a cold start, so it fails soon and lets the caller fall back.
_DISCOVERY = Config(
    connect_timeout=1.0,
    read_timeout=3.0,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=10,
)
# DynamoDB answers in milliseconds; a caller should not wait a minute to learn that it hangs.
_TRAFFIC = Config(
    connect_timeout=1.0,
    read_timeout=3.0,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
    tcp_keepalive=True,
)
# The stores build every request themselves; checking it once more takes a tenth of a call, and more of a batch.
_UNCHECKED_TRAFFIC = _TRAFFIC.merge(Config(parameter_validation=False))
# A decision would sooner do without the ledger than wait for three tries.
_HURRIED_TRAFFIC = _UNCHECKED_TRAFFIC.merge(
    Config(connect_timeout=0.5, read_timeout=1.0, retries={"mode": "standard", "total_max_attempts": 1})
)


class AwsSession:
    """AWS clients for one endpoint and region; None leaves either to boto3. All are safe to use from many threads.

    For an endpoint on this machine, missing credentials and a missing region are made up.
    """

    def __init__(self, *, endpoint: str | None = None, region: str | None = None) -> None:
        self._endpoint = endpoint
        self._region = region
        self._lock = threading.Lock()
        self._session: boto3.Session | None = None
        self._made: dict[str, Any] = {}

    @property
    def ssm(self) -> SSMClient:
        """The Parameter Store."""
        client: SSMClient = self._client("ssm")
        return client

    @property
    def secrets_manager(self) -> SecretsManagerClient:
        """Secrets Manager."""
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    @property
    def kms(self) -> KMSClient:
        """The Key Management Service."""
        client: KMSClient = self._client("kms")
        return client

    @property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB as its service speaks: typed values such as ``{"S": "text"}``."""
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @property
    def dynamodb_in_a_hurry(self) -> DynamoDBClient:
        """The same, for whoever has a second or two: it tries once, and gives up soon."""
        client: DynamoDBClient = self._one("dynamodb in a hurry", lambda: self._make("dynamodb", _HURRIED_TRAFFIC))
        return client

    @property
    def dynamodb_resource(self) -> DynamoDBServiceResource:
        """DynamoDB as boto3's resource, which takes and gives plain Python values, and so does its ``meta.client``."""
        resource: DynamoDBServiceResource = self._one("dynamodb resource", self._make_resource)
        return resource

    def close(self) -> None:
        """Close every connection; the clients are made anew at their next use."""
        with self._lock:
            made, self._made = self._made, {}
        for one in made.values():
            getattr(one.meta, "client", one).close()

    def _client(self, service: str) -> Any:
        return self._one(service, lambda: self._make_client(service))

    def _one(self, name: str, make: Callable[[], Any]) -> Any:
        made = self._made.get(name)
        if made is None:
            with self._lock:
                made = self._made.get(name)
                if made is None:
                    try:
                        made = self._made[name] = make()
                    except driver.BotoCoreError as error:
                        raise failure(f"{name} cannot be used", error) from error
        return made

    def _make_client(self, service: str) -> Any:
        return self._make(service, _UNCHECKED_TRAFFIC if service == "dynamodb" else _DISCOVERY)

    def _make(self, service: str, config: Config) -> Any:
        make: Any = self._boto3().client  # whose types know each service by its literal name only
        return make(service, endpoint_url=self._endpoint, config=config)

    def _make_resource(self) -> Any:
        return self._boto3().resource("dynamodb", endpoint_url=self._endpoint, config=_TRAFFIC)

    def _boto3(self) -> boto3.Session:
        if self._session is None:
            local = self._endpoint is not None and is_loopback(self._endpoint)
            core = botocore.session.Session()
            core.register_component("data_loader", _descriptions())
            self._session = boto3.Session(
                botocore_session=_made_local(core, self._region) if local else core,
                region_name=None if local else self._region,
            )
        return self._session


def is_loopback(endpoint: str) -> bool:
    """Whether this URL's host is this machine, by its name or number."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_amazons(endpoint: str) -> bool:
    """Whether this URL's host is one of Amazon's own."""
    host = urlsplit(endpoint).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn"))


def code_of(error: Exception) -> str:
    """Return the code AWS gave this error, or nothing where AWS did not answer."""
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, driver.ClientError) else ""


def failure(what: str, error: Exception) -> VariateError:
    """Return what to raise ``from`` this error of boto3's."""
    message = f"{what}: {error}"
    if is_transient(error):
        return StoreUnavailableError(message)
    return ConfigurationError(message) if isinstance(error, _UNCONFIGURED) else StoreError(message)


_UNCONFIGURED = (
    driver.NoCredentialsError,
    driver.PartialCredentialsError,
    driver.NoRegionError,
    driver.InvalidRegionError,
    driver.ProfileNotFound,
    driver.ConfigParseError,
    driver.UnauthorizedSSOTokenError,
    driver.TokenRetrievalError,
)


@functools.cache
def _descriptions() -> Loader:
    """boto's descriptions of the services, read once a process: that is nine tenths of the making of a client."""
    return create_loader(botocore.session.Session().get_config_variable("data_path"))


def _made_local(core: botocore.session.Session, region: str | None) -> botocore.session.Session:
    # Asking the metadata service of a laptop for credentials takes seconds and finds none.
    core.set_config_variable("metadata_service_num_attempts", 0)
    core.set_config_variable("region", region or core.get_config_variable("region") or LOCAL_REGION)
    if core.get_credentials() is None:
        core.set_credentials(LOCAL_KEY, LOCAL_KEY)
    return core
