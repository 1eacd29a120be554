"""SSM's Parameter Store, remembered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from variate.aws.remembered import Remembered
from variate.aws.session import BOTO_ERRORS, code_of, failure

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


class ParameterSource:
    """The values of SSM parameters, each believed for ``max_age_seconds``; "there is none" is a value, too.

    However many threads ask for one at once, SSM is asked once. That SSM cannot be reached is remembered as well,
    for at most 30 seconds; a value known from before stands meanwhile.
    """

    def __init__(
        self,
        ssm: Callable[[], SSMClient],
        *,
        max_age_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ssm = ssm
        self._remembered = Remembered(self._ask, max_age_seconds=max_age_seconds, clock=clock)

    def get(self, name: str) -> str | None:
        """Return the parameter's value, or None where SSM says there is none.

        Raise ``StoreUnavailableError`` where SSM cannot be reached, ``StoreError`` where it refuses, and
        ``ConfigurationError`` where there are no credentials or no region to ask it with.
        """
        return self._remembered.get(name)

    def _ask(self, name: str) -> str | None:
        try:
            # Decrypting leaves plain parameters as they are.
            return self._ssm().get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        except BOTO_ERRORS as error:
            if code_of(error) == "ParameterNotFound":
                return None
            raise failure(f"SSM does not give {name}", error) from error
