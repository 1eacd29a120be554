"""Sessions: how long they last, what ends them, and what is left of them in the cache."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.unit.access.world import PASSWORD, World
from variate.access.sessions import FRESH_SECONDS, STALE_SECONDS, Started
from variate.errors import ForbiddenError, StoreUnavailableError, UnauthenticatedError
from variate.model.access import Person, Scope


@pytest.fixture
def ada(world: World) -> Person:
    world.people.add_person("root@example.com", role="admin")
    return world.people.add_person("ada@example.com", role="editor", password=PASSWORD)


@pytest.fixture
def started(world: World, ada: Person) -> Started:
    return world.sessions.start(ada)


def ended(world: World, started: Started) -> bool:
    try:
        world.sessions.check(started.token)
    except UnauthenticatedError:
        return True
    return False


def test_who_signed_in_is_known_by_the_token(world: World, ada: Person, started: Started) -> None:
    session = world.sessions.check(started.token)
    assert session == started.session
    assert session.person == ada
    assert (session.principal.actor, session.principal.may(Scope.WRITE)) == ("person:ada@example.com", True)


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é\ud800", "*", "session:", "a" * 1_000_000])
def test_any_other_token_is_nobodys(world: World, started: Started, token: str) -> None:
    with pytest.raises(UnauthenticatedError, match="sign in"):
        world.sessions.check(token)
    with pytest.raises(UnauthenticatedError):
        world.sessions.check(started.token[:-1])


def test_tokens_are_256_random_bits_and_the_cache_holds_only_their_hash(world: World, ada: Person) -> None:
    all_of_them = [world.sessions.start(ada) for _ in range(20)]
    assert len({each.token for each in all_of_them} | {each.session.csrf_token for each in all_of_them}) == 40
    assert {len(each.token) for each in all_of_them} == {43}
    for each in all_of_them:
        key = f"session:{hashlib.sha256(each.token.encode()).hexdigest()}"
        text = world.cache.get(key)
        assert text is not None
        assert each.token not in text
        assert each.token not in repr(each)
        assert "hash" not in json.loads(text)


def test_a_session_ends_when_it_is_not_used_for_as_long_as_the_setting_says(world: World, started: Started) -> None:
    world.pass_by(hours=11, minutes=58)
    assert not ended(world, started)
    world.pass_by(hours=11, minutes=58)
    assert not ended(world, started), "use has it last on"
    world.pass_by(hours=12)
    assert ended(world, started)


def test_a_session_ends_after_seven_days_however_much_it_is_used(world: World, started: Started) -> None:
    for _ in range(7 * 24 - 1):
        world.pass_by(hours=1)
        assert not ended(world, started)
    world.pass_by(hours=1)
    assert ended(world, started)


def test_signing_out_ends_the_session_and_no_other(world: World, ada: Person, started: Started) -> None:
    other = world.sessions.start(ada)
    world.sessions.end(started.token)
    world.sessions.end(started.token)
    assert (ended(world, started), ended(world, other)) == (True, False)


def test_use_does_not_bring_a_session_back_that_is_ended_meanwhile(
    world: World, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pass_by(minutes=5)
    fill = world.cache.fill

    def ended_before_it_is_filled(key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        world.sessions.end(started.token)
        return fill(key, token, value, ttl_seconds=ttl_seconds)

    monkeypatch.setattr(world.cache, "fill", ended_before_it_is_filled)
    world.sessions.check(started.token)
    assert ended(world, started)


@pytest.mark.parametrize("change", ["disabled", "role", "password", "no password", "subject"])
def test_a_change_of_the_person_ends_every_session_of_theirs(
    world: World, ada: Person, started: Started, change: str
) -> None:
    others = world.sessions.start(world.people.get_person("root@example.com"))  # type: ignore[arg-type] # is there
    second = world.sessions.start(ada)
    match change:
        case "disabled":
            world.people.update_person(ada.id, disabled=True)
        case "role":
            world.people.update_person(ada.id, role="viewer")
        case "password":
            world.people.set_password(ada.id, "another horse battery")
        case "no password":
            world.people.set_password(ada.id, None)
        case _:
            world.people.update_person(ada.id, subject="https://id.example.com 1")
    assert [ended(world, each) for each in (started, second, others)] == [True, True, False]


def test_who_is_enabled_again_has_to_sign_in_again(world: World, ada: Person, started: Started) -> None:
    world.people.update_person(ada.id, disabled=True)
    world.people.update_person(ada.id, disabled=False)
    assert ended(world, started)


def test_another_name_ends_no_session(world: World, ada: Person, started: Started) -> None:
    world.people.update_person(ada.id, name="Ada")
    assert world.sessions.check(started.token).person.name == "Ada"


def test_another_process_hears_of_a_change_within_seconds(world: World, ada: Person, started: Started) -> None:
    elsewhere = world.process()
    elsewhere.check(started.token)
    world.people.update_person(ada.id, disabled=True)
    world.pass_by(seconds=FRESH_SECONDS - 0.001)
    elsewhere.check(started.token)
    world.pass_by(seconds=0.001)
    with pytest.raises(UnauthenticatedError):
        elsewhere.check(started.token)


def test_what_was_being_read_while_the_person_changed_is_not_believed(
    world: World, ada: Person, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = world.person_store.get

    def changed_meanwhile(person_id: str) -> Person | None:
        found = get(person_id)
        monkeypatch.undo()
        world.people.update_person(ada.id, disabled=True)
        return found

    world.pass_by(seconds=FRESH_SECONDS)
    monkeypatch.setattr(world.person_store, "get", changed_meanwhile)
    world.sessions.check(started.token)
    assert ended(world, started)


def test_people_are_not_read_at_each_request(world: World, started: Started) -> None:
    for _ in range(100):
        world.sessions.check(started.token)
    assert world.reads == 0


def test_while_the_store_is_away_who_was_known_is_known_for_five_minutes(
    world: World, ada: Person, started: Started
) -> None:
    world.store_is_away = True
    world.pass_by(seconds=STALE_SECONDS)
    assert world.sessions.check(started.token).person == ada
    world.pass_by(seconds=FRESH_SECONDS)
    with pytest.raises(StoreUnavailableError):
        world.sessions.check(started.token)
    with pytest.raises(StoreUnavailableError):
        world.process().check(started.token)
    world.store_is_away = False
    world.pass_by(seconds=FRESH_SECONDS)
    assert world.sessions.check(started.token).person == ada


def test_while_the_store_is_away_it_is_asked_every_few_seconds_only(world: World, started: Started) -> None:
    world.store_is_away = True
    world.pass_by(seconds=FRESH_SECONDS)
    for _ in range(100):
        world.sessions.check(started.token)
    assert world.reads == 1


def test_a_session_that_cannot_be_kept_does_not_begin(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.cache, "set", lambda *_, **__: False)
    with pytest.raises(StoreUnavailableError):
        world.sessions.start(ada)


def test_what_changes_something_shows_the_sessions_own_csrf_token(world: World, ada: Person, started: Started) -> None:
    session = world.sessions.check(started.token)
    session.need_csrf_token(started.session.csrf_token)
    for other in (None, "", started.token, world.sessions.start(ada).session.csrf_token, "é\ud800"):
        with pytest.raises(ForbiddenError, match="CSRF"):
            session.need_csrf_token(other)
