"""Keys: what is shown once, what is kept, and what the audit log says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.access.world import World
from variate.access.keyring import secret_hash
from variate.access.keys import Issued
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model.access import EVERYWHERE, ApiKey, Scope
from variate.testing.clocks import START

DAY = timedelta(days=1)


def made(world: World, **fields: object) -> Issued:
    return world.keys.create_api_key("checkout", **{"scopes": ["evaluate"], **fields})  # type: ignore[arg-type] # of any


def stored(world: World, key_id: str) -> ApiKey:
    found = world.keys.get_api_key(key_id)
    assert found is not None
    return found


def test_a_secret_is_256_random_bits_of_which_only_the_hash_is_kept(world: World) -> None:
    issued = [made(world) for _ in range(20)]
    for each in issued:
        assert re.fullmatch(r"vk_[A-Za-z0-9_-]{43}", each.secret)
        assert stored(world, each.key.id).secret_hash == secret_hash(each.secret)
        assert each.secret.startswith(each.key.hint)
        assert len(each.key.hint) == 9
    assert len({each.secret for each in issued}) == 20


def test_neither_secret_nor_hash_is_shown_where_a_key_is_printed_or_audited(world: World) -> None:
    issued = made(world)
    again = world.keys.rotate_api_key(issued.key.id)
    world.keys.update_api_key(again.key.id, name="web")
    world.keys.revoke_api_key(again.key.id)
    shown = "".join((repr(issued), repr(again), *(entry.document.text for entry in world.entries())))
    for each in (issued, again):
        assert each.secret not in shown
        assert each.key.secret_hash not in shown
        assert each.secret[12:] not in shown


def test_a_key_is_for_all_environments_and_for_ever_where_nothing_else_is_said(world: World) -> None:
    key = made(world).key
    assert (key.environments, key.expires_at, key.created_by) == (frozenset({EVERYWHERE}), None, "the process")


def test_each_change_is_audited_with_who_did_it_and_how_it_was_before_and_after(world: World) -> None:
    key = made(world, actor="person:ada@example.com").key
    world.keys.update_api_key(key.id, scopes=["read"], environments=["dev"], actor="key:ci")
    new = world.keys.rotate_api_key(key.id, actor="key:ci").key
    world.keys.revoke_api_key(key.id)
    entries = world.entries()
    assert [(entry.entity_type, entry.entity_id, entry.action, entry.actor) for entry in entries] == [
        ("key", key.id, "created", "person:ada@example.com"),
        ("key", key.id, "updated", "key:ci"),
        ("key", key.id, "rotated", "key:ci"),
        ("key", new.id, "created", "key:ci"),
        ("key", key.id, "revoked", "the process"),
    ]
    data = [entry.data for entry in entries]
    assert data[0]["key"]["created_by"] == "person:ada@example.com"
    assert (data[1]["before"]["scopes"], data[1]["after"]["scopes"]) == (["evaluate"], ["read"])
    assert (data[1]["before"]["environments"], data[1]["after"]["environments"]) == ([EVERYWHERE], ["dev"])
    assert (data[2]["before"]["replaced_by"], data[2]["after"]["replaced_by"]) == (None, new.id)
    assert data[4]["after"]["revoked_at"] is not None
    assert world.changes == 4


def test_what_is_not_given_stays_as_it_was(world: World) -> None:
    key = made(world, environments=["dev"], expires_at=START + DAY).key
    changed = world.keys.update_api_key(key.id, name="web")
    assert (changed.name, changed.scopes, changed.environments, changed.expires_at, changed.revision) == (
        "web",
        frozenset({Scope.EVALUATE}),
        frozenset({"dev"}),
        START + DAY,
        2,
    )
    assert world.keys.update_api_key(key.id, expires_at=None).expires_at is None
    assert world.keys.update_api_key(key.id, name="web").revision == 3


@pytest.mark.parametrize(
    ("fields", "field", "rule"),
    [
        ({"scopes": []}, "scopes", "at least one"),
        ({"scopes": ["paint"]}, "scopes", "must be one of evaluate"),
        ({"scopes": "read"}, "scopes", "must be a list"),
        ({"environments": []}, "environments", "at least one"),
        ({"environments": ["nowhere"]}, "environments", "must be among dev, staging, prod"),
        ({"expires_at": START}, "expires_at", "in the future"),
        ({"expires_at": "tomorrow"}, "expires_at", "must be a datetime"),
        ({"name": " "}, "name", "must not be blank"),
        ({"name": "é" * 129}, "name", "at most 256 bytes"),
    ],
)
def test_a_key_that_cannot_be_is_refused_new_and_changed(
    world: World, fields: dict[str, object], field: str, rule: str
) -> None:
    standing = made(world).key
    creating: dict[str, object] = {"name": "web", "scopes": ["evaluate"], **fields}
    for refused in (
        lambda: world.keys.create_api_key(**creating),  # type: ignore[arg-type] # wrong on purpose
        lambda: world.keys.update_api_key(standing.id, **fields),  # type: ignore[arg-type] # wrong on purpose
    ):
        with pytest.raises(InvalidInputError, match=rule) as raised:
            refused()
        assert raised.value.field == field
    assert [*world.keys.list_api_keys()] == [standing]


def test_a_field_that_does_not_change_is_refused(world: World) -> None:
    with pytest.raises(InvalidInputError, match="secret_hash"):
        world.keys.update_api_key(made(world).key.id, secret_hash="00")  # type: ignore[call-arg] # wrong on purpose


def test_a_rotated_key_counts_on_for_the_grace_and_the_new_one_from_now(world: World) -> None:
    old = made(world, environments=["dev"]).key
    world.pass_by(days=3)
    new = world.keys.rotate_api_key(old.id).key
    left = stored(world, old.id)
    assert (new.name, new.scopes, new.environments, new.expires_at) == (
        old.name,
        old.scopes,
        old.environments,
        None,
    )
    assert left.replaced_by == new.id
    assert left.secret_hash == old.secret_hash != new.secret_hash
    assert left.counts_at(world.time() + timedelta(hours=23, minutes=59))
    assert not left.counts_at(world.time() + timedelta(hours=24, minutes=1))


def test_without_grace_a_rotated_key_ends_at_once(world: World) -> None:
    issued = made(world)
    world.keys.rotate_api_key(issued.key.id, grace=timedelta(0))
    assert not stored(world, issued.key.id).counts_at(world.log.clock())


def test_a_rotation_gives_as_long_a_life_again_and_prolongs_no_old_one(world: World) -> None:
    old = made(world, expires_at=START + timedelta(days=30)).key
    world.pass_by(days=29, hours=23)
    new = world.keys.rotate_api_key(old.id, grace=timedelta(days=2)).key
    assert stored(world, old.id).expires_at == START + timedelta(days=30)
    assert new.expires_at is not None
    assert new.expires_at - new.created_at == old.expires_at - old.created_at  # type: ignore[operator] # it has one


def test_a_life_to_the_end_of_the_calendar_ends_there_again(world: World) -> None:
    end = datetime(9999, 12, 31, tzinfo=UTC)
    old = made(world, expires_at=end).key
    world.pass_by(days=1)
    assert world.keys.rotate_api_key(old.id).key.expires_at == end


def test_what_counts_no_longer_or_was_rotated_is_not_rotated(world: World) -> None:
    rotated, revoked, expired = (made(world, expires_at=START + DAY).key.id for _ in range(3))
    new = world.keys.rotate_api_key(rotated).key.id
    world.keys.revoke_api_key(revoked)
    with pytest.raises(InvalidInputError, match=f"rotate '{new}'"):
        world.keys.rotate_api_key(rotated)
    with pytest.raises(InvalidInputError, match="counts no longer"):
        world.keys.rotate_api_key(revoked)
    world.pass_by(days=1)
    with pytest.raises(InvalidInputError, match="counts no longer"):
        world.keys.rotate_api_key(expired)


@pytest.mark.parametrize("grace", [timedelta(seconds=-1), timedelta(days=91)])
def test_a_grace_is_no_way_to_keep_an_old_key_for_ever(world: World, grace: timedelta) -> None:
    with pytest.raises(InvalidInputError, match="grace"):
        world.keys.rotate_api_key(made(world).key.id, grace=grace)


def test_a_revoked_key_counts_no_longer_and_does_not_change_any_more(world: World) -> None:
    key = made(world).key
    revoked = world.keys.revoke_api_key(key.id)
    assert not revoked.counts_at(world.log.clock())
    assert world.keys.revoke_api_key(key.id) == revoked
    with pytest.raises(InvalidInputError, match="revoked"):
        world.keys.update_api_key(key.id, expires_at=None)


def test_a_change_of_a_key_at_another_revision_is_a_conflict(world: World) -> None:
    key = made(world).key
    world.keys.update_api_key(key.id, name="web", expected_revision=1)
    for change in (
        lambda: world.keys.update_api_key(key.id, name="late", expected_revision=1),
        lambda: world.keys.rotate_api_key(key.id, expected_revision=1),
        lambda: world.keys.revoke_api_key(key.id, expected_revision=1),
    ):
        with pytest.raises(ConflictError):
            change()
    assert stored(world, key.id).name == "web"


def test_what_is_not_there_is_not_found(world: World) -> None:
    assert world.keys.get_api_key("nobody") is None
    for change in (world.keys.update_api_key, world.keys.rotate_api_key, world.keys.revoke_api_key):
        with pytest.raises(NotFoundError):
            change("nobody")
