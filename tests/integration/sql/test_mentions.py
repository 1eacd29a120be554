"""Documents that somebody wrote by hand, in other ways than we do: who may name an id is found all the same."""

from __future__ import annotations

import pytest

from tests.engines.databases import by_hand
from variate.model.design import Design
from variate.stores.sql import Database, SqlExperimentStore, SqlFlagStore
from variate.testing.builders import build_audit_entry, build_experiment, build_flag

WRITTEN = [r"\u0061\/b", r"\u0061/b", r"a\/b", r"a\u002fb", r"a\u002Fb"]
"""Each is ``a/b`` as JSON may have it too."""


@pytest.mark.parametrize("written", WRITTEN)
def test_an_id_that_is_escaped_otherwise_is_found(database: Database, written: str) -> None:
    experiments, flags = SqlExperimentStore(database), SqlFlagStore(database)
    for name in ("names it", "beside"):
        experiments.insert(build_experiment(name), audit=[], outbox=[])
        flags.insert(build_flag(name), audit=build_audit_entry(entity_type="flag", entity_id=name))
    holdouts = f'{{ "holdouts" : [ "{written}" ] }}'
    by_hand(database, "UPDATE experiments SET definition = :new WHERE id = 'names it'", new=holdouts)
    targeting = f'{{"type": "boolean", "prerequisites": [{{"flag": "{written}", "variations": ["on"]}}]}}'
    by_hand(database, "UPDATE feature_flags SET targeting = :new WHERE id = 'names it'", new=targeting)
    page = experiments.list(limit=10, mentions=("a/b",))
    assert [(each.id, each.design.holdouts) for each in page] == [("names it", ("a/b",))]
    assert [each.id for each in flags.list(limit=10, mentions=("a/b",))] == ["names it"]


def test_what_cannot_be_read_is_told_of_where_its_text_has_the_id(database: Database) -> None:
    store = SqlExperimentStore(database)
    for name in ("e", "f"):
        store.insert(build_experiment(name, design=Design(holdouts=("x",))), audit=[], outbox=[])
    by_hand(database, """UPDATE experiments SET definition = '{"traffic": 500, "holdouts": ["x"]}' WHERE id = 'e'""")
    by_hand(database, """UPDATE experiments SET definition = '{"traffic": 500, "holdouts": ["y"]}' WHERE id = 'f'""")
    page = store.list(limit=10, mentions=("x",))
    assert ([*page], [*page.unreadable]) == ([], ["e"])
