"""People: who is added, changed and let go of, and what the audit log says."""

from __future__ import annotations

import pytest

from tests.unit.access.world import CHEAP, PASSWORD, World
from variate.errors import ConflictError, InvalidInputError, LastAdminError, NotFoundError
from variate.model.access import Role

OTHER = "another horse battery"


def test_somebody_is_found_by_id_and_by_address_in_any_case(world: World) -> None:
    added = world.people.add_person(" Ada@Example.COM ", role="editor")
    assert (added.email, added.name, added.role) == ("ada@example.com", "ada@example.com", Role.EDITOR)
    for name in (added.id, "ada@example.com", "ADA@example.com"):
        assert world.people.get_person(name) == added
    assert world.people.get_person("grace@example.com") is None


def test_an_address_is_one_persons(world: World) -> None:
    world.people.add_person("ada@example.com", role="editor")
    with pytest.raises(ConflictError, match="taken"):
        world.people.add_person("ADA@example.com", role="admin")


@pytest.mark.parametrize("email", ["", "ada", "@example.com", "ada@", "a b@example.com", "ada@example.com\n.org"])
def test_what_is_no_address_is_refused(world: World, email: str) -> None:
    with pytest.raises(InvalidInputError, match="email"):
        world.people.add_person(email, role="editor")


def test_each_change_is_audited_without_password_or_hash(world: World) -> None:
    ada = world.people.add_person("ada@example.com", role="editor", password=PASSWORD, actor="key:ci")
    world.people.update_person(ada.id, role="viewer", name="Ada")
    world.people.set_password(ada.id, OTHER, actor="person:ada@example.com")
    gone = world.people.set_password(ada.id, None)
    entries = world.entries()
    assert [(entry.entity_type, entry.entity_id, entry.action, entry.actor) for entry in entries] == [
        ("person", ada.id, "added", "key:ci"),
        ("person", ada.id, "updated", "the process"),
        ("person", ada.id, "password_set", "person:ada@example.com"),
        ("person", ada.id, "password_removed", "the process"),
    ]
    assert (entries[1].data["before"]["role"], entries[1].data["after"]["role"]) == ("editor", "viewer")
    assert (entries[3].data["before"]["has_password"], entries[3].data["after"]["has_password"]) == (True, False)
    text = "".join(entry.document.text for entry in entries)
    assert not any(secret in text for secret in (PASSWORD, OTHER, "argon2", str(ada.password_hash)))
    assert gone.password_hash is None
    assert str(ada.password_hash) not in repr(ada)


def test_where_nothing_changes_nothing_is_written(world: World) -> None:
    ada = world.people.add_person("ada@example.com", role="editor")
    assert world.people.update_person(ada.id, role="editor", disabled=False) == ada
    assert world.people.set_password(ada.id, None) == ada
    assert len(world.entries()) == 1


@pytest.mark.parametrize("change", [{"role": "editor"}, {"disabled": True}])
def test_the_last_one_who_administers_stays_so(world: World, change: dict[str, object]) -> None:
    ada = world.people.add_person("ada@example.com", role="admin")
    world.people.add_person("bob@example.com", role="editor")
    with pytest.raises(LastAdminError, match=r"ada@example\.com"):
        world.people.update_person(ada.id, **change)  # type: ignore[arg-type] # of any
    assert world.people.get_person(ada.id) == ada
    world.people.update_person("bob@example.com", role="admin")
    world.people.update_person(ada.id, **change)  # type: ignore[arg-type] # of any
    assert world.person_store.by_email("bob@example.com").administers  # type: ignore[union-attr] # it is there


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"name": ""}, "name"),
        ({"disabled": "yes"}, "disabled"),
        ({"email": "a@example.com"}, "email"),
        ({"password_hash": "x"}, "password_hash"),
    ],
)
def test_what_a_person_cannot_be_is_refused(world: World, change: dict[str, object], field: str) -> None:
    ada = world.people.add_person("ada@example.com", role="editor")
    with pytest.raises(InvalidInputError) as raised:
        world.people.update_person(ada.id, **change)  # type: ignore[arg-type] # wrong on purpose
    assert raised.value.field == field
    assert world.people.get_person(ada.id) == ada


def test_a_change_at_another_revision_is_a_conflict(world: World) -> None:
    ada = world.people.add_person("ada@example.com", role="editor")
    world.people.update_person(ada.id, name="Ada", expected_revision=1)
    with pytest.raises(ConflictError):
        world.people.update_person(ada.id, name="Late", expected_revision=1)
    with pytest.raises(ConflictError):
        world.people.set_password(ada.id, PASSWORD, expected_revision=1)


def test_who_is_not_there_is_not_found(world: World) -> None:
    for name in ("nobody", "nobody@example.com"):
        with pytest.raises(NotFoundError):
            world.people.update_person(name, name="N")
        with pytest.raises(NotFoundError):
            world.people.set_password(name, PASSWORD)


def test_a_password_is_kept_as_a_hash_that_it_alone_fits(world: World) -> None:
    ada = world.people.add_person("ada@example.com", role="editor", password=PASSWORD)
    assert ada.password_hash is not None
    assert CHEAP.check(PASSWORD, ada.password_hash)
    assert not CHEAP.check(OTHER, ada.password_hash)
    changed = world.people.set_password("ada@example.com", OTHER)
    assert CHEAP.check(OTHER, changed.password_hash)
    assert not CHEAP.check(PASSWORD, changed.password_hash)
