"""With every field encrypted nothing of what they hold is to be read in any engine, and everything works as before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

import variate
from tests.acceptance.deployments import Deployment, client_of
from variate.errors import VariateError

EVERY_FIELD = "event.data,experiment.description,variation.value,flag.rules,override.reason"
SECRET = "what-nobody-else-may-read"

Adopt = Callable[[Deployment], Deployment]


@pytest.fixture(params=["local", "postgres", "aws"])
def sealed(request: pytest.FixtureRequest, adopt: Adopt) -> Deployment:
    """A deployment with every field encrypted: by a key file, or in aws by a KMS key."""
    made: Deployment = request.getfixturevalue(f"{request.param}_deployment")
    environ = {**made.environ, "VARIATE_ENCRYPTED_FIELDS": EVERY_FIELD}
    if made.profile == "aws":
        kms = client_of("kms", environ["VARIATE_AWS_ENDPOINT"])
        environ["VARIATE_KMS_KEY_ID"] = kms.create_key()["KeyMetadata"]["KeyId"]
    else:
        environ["VARIATE_HOME"] = str(request.getfixturevalue("tmp_path") / "home")
    return adopt(replace(made, environ=environ))


def use_every_field() -> dict[str, str]:
    """Write the secret wherever it can be written, read it back, and return the ids of what holds it."""
    variations: list[dict[str, object]] = [{"name": "control", "value": {"text": SECRET}}, {"name": "green"}]
    experiment = variate.create_experiment("Sealed", SECRET, variations, hypothesis=SECRET)
    changed = variate.update_experiment(experiment["id"], description=f"{SECRET} again")
    assert variate.get_experiment(experiment["id"]) == changed
    assert changed["variations"][0]["value"] == {"text": SECRET}
    assert variate.get_experiment_with_cache(experiment["id"]) == changed
    variate.update_experiment_with_override(experiment["id"], "active", "user-1", "green")
    variate.create_override("user-2", experiment["id"], "green", reason=SECRET)
    assert (variate.get_override("user-2", experiment["id"]) or {})["reason"] == SECRET
    assert variate.list_overrides(experiment["id"])["items"][1]["reason"] == SECRET
    event = variate.record_event("user-1", "note", {"text": SECRET}, event_id="event-1")
    variate.batch_create_events([{"user_id": "user-1", "event_type": "note", "data": [SECRET]}])
    assert variate.get_user_events("user-1")["items"][1] == event
    assert [each["data"] for each in variate.get_user_events("user-1")["items"]] == [[SECRET], {"text": SECRET}]
    flag = variate.create_feature_flag("sealed", "", {"text": SECRET}, status="active")
    assert variate.update_feature_flag(flag["id"], rules={"text": f"{SECRET} again"})["rules"] == {
        "text": f"{SECRET} again"
    }
    assert variate.get_active_feature_flags()[0]["rules"] == {"text": f"{SECRET} again"}
    log = variate.get_audit_log(entity_id=experiment["id"])["items"]
    assert log[-1]["data"]["experiment"]["description"] == SECRET
    assert variate.get_audit_log(entity_id=flag["id"])["items"][0]["data"]["after"] == {
        "rules": {"text": f"{SECRET} again"}
    }
    return {"experiment": experiment["id"], "flag": flag["id"]}


def test_what_is_sealed_is_nowhere_to_be_read(sealed: Deployment) -> None:
    ids = use_every_field()
    for _ in range(2):
        assert (variate.get_experiment_with_cache(ids["experiment"]) or {})["description"] == f"{SECRET} again"
    for table, rows in sealed.contents().items():
        assert not [row for row in rows if SECRET in row], table
    with sealed.backends() as backends:
        copy = backends.serving.get(ids["experiment"])
    assert copy is not None
    assert (copy.description, copy.design.hypothesis) == (f"{SECRET} again", SECRET)
    if sealed.redis_url is not None:
        with sealed.redis() as client:
            assert SECRET not in (client.get(f"experiment:{ids['experiment']}") or "")


def test_what_was_sealed_is_read_after_the_setting_is_off_again(sealed: Deployment, adopt: Adopt) -> None:
    ids = use_every_field()
    variate.default_platform().close()
    adopt(replace(sealed, environ={**sealed.environ, "VARIATE_ENCRYPTED_FIELDS": ""}))
    assert (variate.get_experiment(ids["experiment"]) or {})["description"] == f"{SECRET} again"
    assert (variate.get_feature_flag(ids["flag"]) or {})["rules"] == {"text": f"{SECRET} again"}
    variate.record_event("user-1", "note", "in the open")
    assert [each["data"] for each in variate.get_user_events("user-1")["items"]][:2] == ["in the open", [SECRET]]


def test_an_idempotent_event_is_known_though_it_is_sealed_anew(sealed: Deployment) -> None:
    event = {"id": "e-1", "user_id": "user-1", "event_type": "note", "data": SECRET}
    assert [each["status"] for each in variate.batch_create_events([event, event])] == ["accepted", "duplicate"]
    assert [each["status"] for each in variate.batch_create_events([event])] == ["duplicate"]


def test_the_biggest_event_can_be_sealed_or_says_what_is_the_limit(sealed: Deployment) -> None:
    variate.list_active_experiments()
    before = sealed.contents()
    with pytest.raises(VariateError, match="bytes"):
        variate.record_event("user-1", "note", "x" * 389_000)
    assert sealed.contents() == before
    data = "x" * 250_000
    assert variate.record_event("user-1", "note", data) == variate.get_user_events("user-1")["items"][0]
