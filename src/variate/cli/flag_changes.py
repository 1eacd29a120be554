"""``variate flags update``, ``environment`` and ``promote``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from variate.cli.flag_view import print_flag
from variate.cli.given import given, text_or_none
from variate.cli.json_value import json_value
from variate.cli.output import json_option
from variate.cli.targeting_options import (
    chosen_rules,
    chosen_targeting,
    default_option,
    ends_option,
    starts_option,
    targeting_options,
)
from variate.errors import NotFoundError
from variate.model import Json
from variate.platform import Platform


@click.command()
@click.argument("flag_id")
@click.option("--name", help="Another name.")
@click.option("--description", help="Another description.")
@targeting_options
@json_option
def update(
    flag_id: str,
    name: str | None,
    description: str | None,
    typed_rules: Sequence[Json],
    rules: Json,
    *,
    as_json: bool,
    **targeting: Any,
) -> None:
    """Change what is given of a flag.

    Rules, variations, prerequisites and tags are given as whole lists.

    For example: variate flags update ID --default '{"rollout": {"on": 20, "off": 80}}'
    """
    chosen = chosen_rules(typed_rules, rules)
    if chosen is None and name is None and description is None and not given(targeting):
        raise click.UsageError("give what is to change, such as --default NAME; see --help")
    with Platform.open() as platform:
        before = platform.get_feature_flag(flag_id)
        if before is None:
            raise NotFoundError("flag", flag_id)
        fields = chosen_targeting(targeting, typed=bool(typed_rules) and before.targeting is None)
        changed = platform.update_feature_flag(flag_id, name=name, description=description, rules=chosen, **fields)
    print_flag(changed, as_json=as_json)


@click.command()
@click.argument("flag_id")
@click.argument("environment")
@click.option("--on/--off", "enabled", default=None, help="Switch it on or off there.")
@click.option("--rules", type=json_value, metavar="JSON", help="Its rules there, as JSON or @FILE; null: the flag's.")
@default_option
@click.option("--off-variation", "off", type=text_or_none, metavar="NAME", help="What it serves there while it is off.")
@starts_option
@ends_option
@json_option
def environment(flag_id: str, environment: str, *, as_json: bool, **state: Any) -> None:
    """Change what is different of a flag in one environment.

    What was never given there is as in the flag itself; an empty value makes it so again: --default "".

    For example: variate flags environment ID prod --off
    """
    changes = given(state)
    if not changes:
        raise click.UsageError("give what is to change there, such as --off; see --help")
    with Platform.open() as platform:
        changed = platform.update_flag_environment(flag_id, environment, **changes)
    print_flag(changed, as_json=as_json)


@click.command()
@click.argument("flag_id")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
def promote(flag_id: str, source: str, target: str, *, as_json: bool) -> None:
    """Make a flag in the environment TO as it is in FROM.

    For example: variate flags promote ID staging prod
    """
    with Platform.open() as platform:
        changed = platform.promote_feature_flag(flag_id, source=source, target=target)
    print_flag(changed, as_json=as_json)
