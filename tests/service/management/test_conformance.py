"""schemathesis over the whole document: no 5xx, and every answer as it is documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.service.management.seeding import EXAMPLES, example, seed
from tests.service.running import Running, bearer, running
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that lets strangers guess keys, as the checks of authentication do, as often as they like."""
    configured = Settings(
        home=tmp_path_factory.mktemp("conformance"),
        environments=("dev", "prod"),
        service=ServiceSettings(sign_ins_per_minute=100_000),
    )
    with Platform.open(configured) as platform, running(platform) as served:
        yield served


@pytest.fixture(scope="module")
def document(api: httpx.Client) -> dict[str, Any]:
    return seed(api)


def ask_everything(service: Running, document: dict[str, Any], *, examples: int) -> int:
    """Send so many requests of each kind to each operation, check the answers, and return how many were sent."""
    there = {name: example(document, shape).get("id", "ada@example.com") for name, shape in EXAMPLES.items()}
    schema = schemathesis.openapi.from_dict(document)
    sent = 0
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            if mode is GenerationMode.NEGATIVE and operation.path == "/api/v1/auth/sign-out":
                continue  # it takes nothing, so nothing of it can be wrong

            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(
                case=operation.as_strategy(generation_mode=mode), is_there=st.sampled_from((True, True, True, False))
            )
            def ask(case: Case[Any], is_there: bool) -> None:
                nonlocal sent
                sent += 1
                collection = case.operation.path.split("/")[3]
                if is_there and collection in there and case.path_parameters:
                    case.path_parameters[next(iter(case.path_parameters))] = there[collection]
                    if "If-Match" in case.headers:
                        case.headers["If-Match"] = "*"
                # The first report waits for its libraries, on a busy machine for long.
                answer = case.call(base_url=service.url, headers=bearer("admin"), timeout=60)
                case.validate_response(answer, excluded_checks=[positive_data_acceptance, *_excused(answer)])

            ask()
    return sent


def _excused(answer: Response) -> list[Any]:
    """Return the check that does not know that 412 is a refusal.

    That a request of the right form is accepted is checked of none: our rules say more than a schema can.
    """
    return [negative_data_rejection] if answer.status_code == 412 else []


def test_a_few_requests_to_each_route_are_answered_as_documented(service: Running, document: dict[str, Any]) -> None:
    assert ask_everything(service, document, examples=1) > 140


@pytest.mark.slow
def test_many_requests_to_each_route_are_answered_as_documented(service: Running, document: dict[str, Any]) -> None:
    assert ask_everything(service, document, examples=15) > 1_500
