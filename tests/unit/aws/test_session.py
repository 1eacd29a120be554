"""How AWS clients are made, and what boto3's errors become. Nothing here speaks to a network."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ReadTimeoutError,
)

from variate.aws.session import AwsSession, failure, is_amazons, is_loopback
from variate.errors import ConfigurationError, StoreError, StoreUnavailableError


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop on which nothing of AWS is set up."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("bare")
def test_an_engine_on_this_machine_needs_neither_credentials_nor_region() -> None:
    client = AwsSession(endpoint="http://localhost:4566").ssm
    assert client.meta.region_name == "us-east-1"
    # botocore offers no public way to see what a client signs with.
    assert client._request_signer._credentials.access_key == "local"  # type: ignore[attr-defined]  # botocore's own


def test_credentials_and_region_that_are_there_are_used_for_an_engine_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    client = AwsSession(endpoint="http://127.0.0.1:4566").secrets_manager
    assert client.meta.region_name == "eu-west-1"
    assert client._request_signer._credentials.access_key == "testing"  # type: ignore[attr-defined]  # botocore's own


@pytest.mark.usefixtures("bare")
def test_amazons_own_endpoint_needs_a_region() -> None:
    with pytest.raises(ConfigurationError, match="You must specify a region"):
        _ = AwsSession().ssm


def test_the_region_asked_for_counts() -> None:
    session = AwsSession(region="ap-southeast-2")
    assert session.kms.meta.region_name == "ap-southeast-2"
    assert session.dynamodb.meta.endpoint_url == "https://dynamodb.ap-southeast-2.amazonaws.com"


def test_each_client_is_made_once_and_again_after_closing() -> None:
    session = AwsSession(endpoint="http://127.0.0.1:1")
    made = session.ssm
    resource = session.dynamodb_resource
    assert session.ssm is made
    session.close()
    assert session.ssm is not made
    assert session.dynamodb_resource is not resource


def test_discovery_gives_up_soon_so_that_the_caller_can_fall_back() -> None:
    config: Any = AwsSession(endpoint="http://127.0.0.1:1").ssm.meta.config
    assert config.connect_timeout == 1.0
    assert config.retries["total_max_attempts"] == 2


def test_fifty_threads_can_use_dynamodb_at_once() -> None:
    config: Any = AwsSession(endpoint="http://127.0.0.1:1").dynamodb.meta.config
    assert config.max_pool_connections == 50


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://127.0.0.9", "http://[::1]:4566", "http://a.localhost"]
)
def test_a_loopback_url_is_on_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://dynamodb:8000", "http://10.0.0.1", "https://localhost.example.com", "http://"])
def test_any_other_url_is_not_on_this_machine(url: str) -> None:
    assert not is_loopback(url)


def test_amazons_urls_are_told_from_ones_own() -> None:
    assert is_amazons("https://ssm.us-east-1.amazonaws.com")
    assert is_amazons("https://ssm.cn-north-1.amazonaws.com.cn")
    assert is_amazons("https://vpce-1.ssm.us-east-1.vpce.amazonaws.com")
    assert not is_amazons("http://localhost:4566")
    assert not is_amazons("https://amazonaws.com.example.com")


def answered(code: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op")  # type: ignore[typeddict-item] # only what is read


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="http://x"), StoreUnavailableError),
        (ConnectTimeoutError(endpoint_url="http://x"), StoreUnavailableError),
        (ReadTimeoutError(endpoint_url="http://x"), StoreUnavailableError),
        (answered("ThrottlingException", 400), StoreUnavailableError),
        (answered("InternalServerError", 500), StoreUnavailableError),
        (answered("AccessDeniedException", 400), StoreError),
        (ParamValidationError(report="r"), StoreError),
        (NoCredentialsError(), ConfigurationError),
        (NoRegionError(), ConfigurationError),
    ],
)
def test_an_error_of_boto3_becomes_the_one_that_says_what_to_do(error: Exception, kind: type[Exception]) -> None:
    translated = failure("SSM does not give /a", error)
    assert type(translated) is kind
    assert str(translated) == f"SSM does not give /a: {error}"
