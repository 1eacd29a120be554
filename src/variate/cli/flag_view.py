"""A flag as the commands print it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from variate.cli.output import print_fields, print_json, print_table
from variate.cli.words import moment_words
from variate.definition.flag_references import targeting_of
from variate.model import FeatureFlag, format_instant
from variate.model.record import flag_record
from variate.model.targeting import EnvironmentState, FlagRule, Targeting
from variate.rendering.definition_words import condition_words, json_words, serve_words


def print_flag(flag: FeatureFlag, *, as_json: bool) -> None:
    """Print the flag: its variations, its rules in order, and what is different in an environment."""
    if as_json:
        print_json(flag_record(flag))
        return
    targeting = targeting_of(flag)
    fields = {
        "id": flag.id,
        "name": flag.name,
        "description": flag.description,
        "status": flag.status.value,
        "revision": str(flag.revision),
        "created": format_instant(flag.created_at),
        "updated": format_instant(flag.updated_at),
    }
    if targeting is None:
        print_fields({**fields, "rules": json_words(flag.rules.value)})
        return
    print_fields({**fields, **{name: said for name, said in _targeting(targeting) if said}})
    click.echo()
    variations = [(each.name, each.value.text, each.description) for each in targeting.variations]
    print_table(("variation", "value", "description"), variations, folded=("variation", "value", "description"))
    if targeting.rules:
        click.echo()
        _print_rules(targeting.rules)
    for environment, state in targeting.environments.items():
        click.echo()
        _print_environment(environment, state)


def _targeting(targeting: Targeting) -> Iterator[tuple[str, str]]:
    yield "type", targeting.type.value
    yield "default", serve_words(targeting.default)
    yield "off", targeting.off
    yield "needs", "; ".join(f"{each.flag_id} at {' or '.join(each.variations)}" for each in targeting.prerequisites)
    yield "starts", "" if targeting.starts_at is None else moment_words(targeting.starts_at)
    yield "ends", "" if targeting.ends_at is None else moment_words(targeting.ends_at)
    yield "salt", targeting.salt or ""
    yield "owner", targeting.owner or ""
    yield "tags", ", ".join(targeting.tags)
    yield "schema", "" if targeting.schema is None else targeting.schema.text


def _print_rules(rules: tuple[FlagRule, ...]) -> None:
    rows = [
        (rule.name, "everybody" if rule.condition is None else condition_words(rule.condition), serve_words(rule.serve))
        for rule in rules
    ]
    print_table(("rule", "for", "serves"), rows, folded=("rule", "for", "serves"))


def _print_environment(environment: str, state: EnvironmentState) -> None:
    fields = {
        f"in {environment}": "switched on" if state.enabled else "switched off",
        "default": "" if state.default is None else serve_words(state.default),
        "off": state.off or "",
        "starts": "" if state.starts_at is None else moment_words(state.starts_at),
        "ends": "" if state.ends_at is None else moment_words(state.ends_at),
        "rules": "none" if state.rules == () else "",
    }
    print_fields({name: said for name, said in fields.items() if said})
    if state.rules:
        click.echo()
        _print_rules(state.rules)
