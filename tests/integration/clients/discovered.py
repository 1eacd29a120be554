"""The parameters and secrets by which the clients find their servers, in the test's AWS."""

from __future__ import annotations

import json

from variate.aws.session import AwsSession


class Discovered:
    """One ENVIRONMENT's parameters and secrets in the test's AWS."""

    def __init__(self, endpoint: str, environment: str) -> None:
        self.environment = environment
        self.session = AwsSession(endpoint=endpoint)

    def put(self, path: str, value: str) -> None:
        """Set the parameter ``/experimentation/{environment}/{path}``."""
        name = f"/experimentation/{self.environment}/{path}"
        self.session.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    def remove(self, path: str) -> None:
        """Delete the parameter."""
        self.session.ssm.delete_parameter(Name=f"/experimentation/{self.environment}/{path}")

    def create_secret(self, **values: object) -> str:
        """Make the database's secret, point the guide's parameter at it and return its ARN."""
        text = json.dumps(values)
        arn = self.session.secrets_manager.create_secret(Name=f"db-{self.environment}", SecretString=text)["ARN"]
        self.put("database/aurora-secret-arn", arn)
        return arn

    def rotate_secret(self, arn: str, **values: object) -> None:
        """Give the secret a new value, as a rotation does."""
        self.session.secrets_manager.put_secret_value(SecretId=arn, SecretString=json.dumps(values))
