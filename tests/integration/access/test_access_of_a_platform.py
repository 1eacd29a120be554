"""Keys, people and sessions of a platform, as the service finds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.engines.waiting import wait_until
from variate.errors import InvalidInputError, LimitExceededError, UnauthenticatedError
from variate.model.access import Role, Scope
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, environment="dev", snapshot_poll_seconds=0.05, actor="tester")


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    with Platform.open(settings) as opened:
        yield opened


def test_a_key_counts_in_every_process_from_its_first_use_until_it_is_revoked(
    platform: Platform, settings: Settings
) -> None:
    issued = platform.create_api_key("checkout", scopes=["evaluate", "write"], environments=["dev"])
    with Platform.open(settings) as elsewhere:
        principal = elsewhere.keyring.need(issued.secret).principal
        assert principal.actor == "key:checkout"
        assert principal.scopes == {Scope.EVALUATE, Scope.WRITE, Scope.READ}
        platform.keyring.need(issued.secret)
        platform.revoke_api_key(issued.key.id)
        assert platform.keyring.find(issued.secret) is None, "at once where it was revoked"
        wait_until(
            lambda: elsewhere.keyring.find(issued.secret) is None, seconds=10, what="the revocation to be heard of"
        )
        with pytest.raises(UnauthenticatedError):
            elsewhere.keyring.need(issued.secret)


def test_a_rotated_key_and_its_successor_both_count_during_the_grace(platform: Platform) -> None:
    old = platform.create_api_key("checkout", scopes=["evaluate"])
    new = platform.rotate_api_key(old.key.id, grace=timedelta(hours=1))
    assert [platform.keyring.need(each.secret).id for each in (old, new)] == [old.key.id, new.key.id]
    last = platform.rotate_api_key(new.key.id, grace=timedelta(0))
    platform.keyring.need(last.secret)
    with pytest.raises(UnauthenticatedError):
        platform.keyring.need(new.secret)


def test_when_a_key_was_used_is_kept_once_the_platform_is_closed(platform: Platform, settings: Settings) -> None:
    with Platform.open(replace(settings, snapshot_poll_seconds=60)) as elsewhere:
        issued = elsewhere.create_api_key("checkout", scopes=["evaluate"])
        elsewhere.keyring.need(issued.secret)
    found = platform.get_api_key(issued.key.id)
    assert found is not None
    assert found.last_used_at is not None
    assert found.revision == 1


def test_a_key_is_for_environments_of_the_settings_only(platform: Platform) -> None:
    with pytest.raises(InvalidInputError, match="dev, staging, prod"):
        platform.create_api_key("checkout", scopes=["evaluate"], environments=["live"])


def test_somebody_signs_in_and_out(platform: Platform) -> None:
    platform.add_person("ada@example.com", role="admin", password=PASSWORD)
    started = platform.sign_in.by_password("ada@example.com", PASSWORD, address="192.0.2.1")
    assert platform.sessions.check(started.token).person.role is Role.ADMIN
    platform.sessions.end(started.token)
    with pytest.raises(UnauthenticatedError):
        platform.sessions.check(started.token)
    assert platform.oidc is None


def test_a_session_is_known_to_every_process_that_shares_a_redis(settings: Settings, redis_url: str) -> None:
    shared = replace(settings, redis_url=redis_url)
    with Platform.open(shared) as one, Platform.open(shared) as other:
        one.add_person("ada@example.com", role="admin", password=PASSWORD)
        started, second = (one.sign_in.by_password("ada@example.com", PASSWORD, address="192.0.2.1") for _ in range(2))
        assert other.sessions.check(started.token) == started.session
        other.sessions.end(started.token)
        with pytest.raises(UnauthenticatedError):
            one.sessions.check(started.token)
        other.set_password("ada@example.com", None)
        with pytest.raises(UnauthenticatedError):
            other.sessions.check(second.token)


def test_a_change_of_a_person_is_in_the_audit_log_and_ends_their_sessions(platform: Platform) -> None:
    platform.add_person("root@example.com", role="admin")
    ada = platform.add_person("ada@example.com", role="editor", password=PASSWORD)
    started = platform.sign_in.by_password("ada@example.com", PASSWORD, address="192.0.2.1")
    platform.update_person("ada@example.com", disabled=True)
    with pytest.raises(UnauthenticatedError):
        platform.sessions.check(started.token)
    entries = [(entry.action, entry.actor) for entry in platform.audit_log(entity_type="person", entity_id=ada.id)]
    assert entries == [("updated", "tester"), ("added", "tester")]


def test_the_settings_say_how_often_a_minute_anybody_may_try(settings: Settings) -> None:
    with Platform.open(replace(settings, service=ServiceSettings(sign_ins_per_minute=1))) as platform:
        with pytest.raises(UnauthenticatedError):
            platform.sign_in.by_password("ada@example.com", "wrong", address="192.0.2.1")
        with pytest.raises(LimitExceededError):
            platform.sign_in.by_password("bob@example.com", "wrong", address="192.0.2.1")
