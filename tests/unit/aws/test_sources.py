"""Parameters and secrets where the answers are wrong, and never a secret in a message."""

from __future__ import annotations

import traceback
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from variate.aws.parameters import ParameterSource
from variate.aws.secrets import SecretSource
from variate.errors import ConfigurationError, StoreError, StoreUnavailableError


def test_a_parameter_that_ssm_refuses_names_itself() -> None:
    client = boto3.client("ssm")
    with Stubber(client) as answers:
        answers.add_client_error("get_parameter", "AccessDeniedException", "not you", 400)
        source = ParameterSource(lambda: client, max_age_seconds=300)
        with pytest.raises(StoreError, match=r"SSM does not give /a/b: .*not you") as raised:
            source.get("/a/b")
    assert not isinstance(raised.value, StoreUnavailableError)


def test_a_parameter_is_asked_for_decrypted() -> None:
    client = boto3.client("ssm")
    with Stubber(client) as answers:
        answers.add_response("get_parameter", {"Parameter": {"Value": "v"}}, {"Name": "/a", "WithDecryption": True})
        assert ParameterSource(lambda: client, max_age_seconds=300).get("/a") == "v"


@pytest.mark.parametrize(
    "answer", [{"SecretString": "hunter2 is not JSON"}, {"SecretString": '["hunter2"]'}, {"SecretBinary": b"hunter2"}]
)
def test_a_secret_that_is_no_json_object_is_a_matter_of_configuration_and_stays_secret(answer: dict[str, Any]) -> None:
    client = boto3.client("secretsmanager")
    with Stubber(client) as answers:
        answers.add_response("get_secret_value", answer)
        with pytest.raises(ConfigurationError, match="the secret db is not a JSON object") as raised:
            SecretSource(lambda: client, max_age_seconds=300).get("db")
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_a_secret_that_is_not_there_is_a_matter_of_configuration() -> None:
    client = boto3.client("secretsmanager")
    with Stubber(client) as answers:
        answers.add_client_error("get_secret_value", "ResourceNotFoundException", http_status_code=400)
        with pytest.raises(ConfigurationError, match="has no secret db"):
            SecretSource(lambda: client, max_age_seconds=300).get("db")
