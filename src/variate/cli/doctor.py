"""``variate doctor``: what is configured, reachable and migrated, and what to do about it."""

from __future__ import annotations

import os
import platform as machine
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from variate._version import __version__
from variate.cli.output import json_option, print_json
from variate.cli.text import shown
from variate.cli.words import age, moment_words
from variate.errors import VariateError
from variate.model.snapshot import Publication, PublicationKind
from variate.platform import Platform
from variate.platform.health import MIGRATE, Check
from variate.service_settings import ServiceSettings
from variate.settings import Profile, Settings

_DRIVERS = (
    *("sqlalchemy", "alembic", "psycopg", "psycopg-pool", "redis", "hiredis", "boto3", "cryptography"),
    *("uvicorn", "fastapi", "msgspec", "argon2-cffi"),
)
_NEEDED = {
    Profile.LOCAL: ("sqlalchemy", "alembic"),
    Profile.POSTGRES: ("sqlalchemy", "alembic", "psycopg", "psycopg-pool"),
    Profile.AWS: ("sqlalchemy", "alembic", "psycopg", "psycopg-pool", "redis", "boto3"),
}
_MARKS = {True: "ok", False: "BROKEN"}


@click.command("doctor")
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show what is configured, reachable and migrated, and what to do about it. Exits with 1 if something is broken."""
    settings = Settings.from_environment()
    configured = dict(_configured(settings))
    versions = dict(_versions())
    checks = [*_drivers(settings, versions), *_engines(settings), *_notes(settings)]
    if as_json:
        found = [
            {"subject": check.subject, "healthy": check.healthy, "detail": check.detail, "advice": check.advice}
            for check in checks
        ]
        print_json({"configured": configured, "versions": versions, "checks": found})
    else:
        _print_pairs("configured", configured)
        _print_pairs("versions", versions)
        _print_checks(checks)
    if not all(check.healthy for check in checks):
        ctx.exit(1)


def _configured(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "VARIATE_PROFILE", settings.profile.value
    if settings.profile is Profile.LOCAL:
        yield "VARIATE_HOME", f"{settings.home} (file {settings.sqlite_path.resolve()})"
    yield "ENVIRONMENT", settings.environment
    if settings.profile is Profile.AWS:
        yield "AWS_REGION", settings.aws_region or "left to boto3"
    for name, value in (
        ("VARIATE_DATABASE_URL", settings.database_url),
        ("VARIATE_REDIS_URL", settings.redis_url),
        ("VARIATE_DYNAMODB_ENDPOINT", settings.dynamodb_endpoint),
        ("VARIATE_AWS_ENDPOINT", settings.aws_endpoint),
        ("VARIATE_ENCRYPTED_FIELDS", ", ".join(sorted(settings.encrypted_fields))),
        ("VARIATE_KMS_KEY_ID", settings.kms_key_id),
    ):
        if value:
            yield name, without_password(value)
    yield "VARIATE_ACTOR", settings.actor
    yield from _service(settings.service)


def _service(settings: ServiceSettings) -> Iterator[tuple[str, str]]:
    """Yield what is set of the service, and of a secret only that it is."""
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value == each.default:
            continue
        name = "OTEL_EXPORTER_OTLP_ENDPOINT" if each.name == "trace_endpoint" else f"VARIATE_{each.name.upper()}"
        told = ", ".join(value) if isinstance(value, tuple) else without_password(str(value))
        yield name, told if each.repr else "***"


def without_password(url: str) -> str:
    """Return the URL with its password, wherever it stands in it, replaced by stars."""
    hidden = re.sub(r"(?<=://)([^/@]*?):(.*)@", r"\1:***@", url)
    return re.sub(r"(?i)([?&]password=)[^&]*", r"\1***", hidden)


def _versions() -> Iterator[tuple[str, str]]:
    yield "variate", __version__
    yield "python", machine.python_version()
    yield "sqlite", sqlite3.sqlite_version
    for name in _DRIVERS:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _drivers(settings: Settings, versions: dict[str, str]) -> Iterator[Check]:
    needed = _NEEDED[settings.profile]
    if settings.redis_url and "redis" not in needed:
        needed = (*needed, "redis")
    if settings.encrypted_fields:
        needed = (*needed, "cryptography")
    for name in needed:
        if name not in versions:
            yield Check(
                subject=name,
                healthy=False,
                detail="is not installed",
                advice=f"run: pip install 'variate[{settings.profile}]'",
            )


def _engines(settings: Settings) -> Iterator[Check]:
    new = settings.profile is Profile.LOCAL and not os.path.exists(settings.sqlite_path)
    try:
        with Platform.open(settings) as platform:
            checks = platform.checks()
            for check in checks:
                if new and check.advice == MIGRATE:
                    yield replace(check, healthy=True, detail="no file yet: the first use makes it", advice="")
                else:
                    yield check
            if not new and all(check.healthy for check in checks):
                latest = next(iter(platform.list_snapshots(limit=1)), None)
                yield _in_force(latest)
                if latest is not None:
                    yield from _held_back(platform)
    except VariateError as error:
        yield Check(subject="platform", healthy=False, detail=str(error), advice="set what the message names")


def _in_force(latest: Publication | None) -> Check:
    """Which snapshot decisions are made from, and how old it is."""
    if latest is None:
        return Check(subject="snapshot", healthy=True, detail="none yet: the first decision publishes one")
    detail = (
        f"{latest.sequence} is in force in {latest.environment} ({latest.digest[:12]}), "
        f"published {moment_words(latest.at)}, {age(datetime.now(UTC) - latest.at)} ago, by {latest.actor}"
    )
    held = latest.kind is PublicationKind.ROLLBACK
    advice = "it is a rollback: changes are not served until you run: variate snapshots publish" if held else ""
    return Check(subject="snapshot", healthy=True, detail=detail, advice=advice)


def _held_back(platform: Platform) -> Iterator[Check]:
    """The definitions that cannot be served as they stand."""
    for each in platform.snapshot_problems():
        detail = f"{each.kind} {each.id!r} cannot be served as it stands ({each.served} is): {each.error}"
        yield Check(subject="definition", healthy=False, detail=detail, advice="mend it, or archive it")


def _notes(settings: Settings) -> Iterator[Check]:
    """What is worth knowing and not broken."""
    if settings.profile is Profile.LOCAL:
        yield Check(subject="sqlite version", healthy=True, detail=sqlite_note(sqlite3.sqlite_version_info))
    if settings.profile is Profile.POSTGRES and settings.redis_url is None:
        yield Check(
            subject="redis",
            healthy=True,
            detail="not configured: each process caches and counts for itself; VARIATE_REDIS_URL lets them share",
        )
    if settings.encrypted_fields and settings.kms_key_id is None:
        yield _key_file(settings.key_file)


def _key_file(path: Path) -> Check:
    detail = f"sealed fields open only with {path}: keep a copy of it"
    return Check(subject="field key", healthy=True, detail=detail)


def sqlite_note(found: tuple[int, ...]) -> str:
    """Return what this version of SQLite means for the local profile.

    The WAL-reset bug: https://sqlite.org/wal.html#the_wal_reset_bug
    """
    number = ".".join(map(str, found))
    fixed = found >= (3, 51, 3) or (3, 50, 7) <= found < (3, 51) or (3, 44, 6) <= found < (3, 45)
    if fixed or found < (3, 7):
        return f"{number}: has no known fault that matters here"
    return (
        f"{number}: has SQLite's rare WAL-reset bug (3.7.0 to 3.51.2), by which two connections that write and "
        "checkpoint at the very same moment can damage the file. variate checkpoints only from its one writer of a "
        "process; where several processes write much, take a Python that brings SQLite 3.51.3 or newer, or PostgreSQL"
    )


def _print_pairs(title: str, pairs: dict[str, str]) -> None:
    click.echo(title)
    width = max(map(len, pairs))
    for name, value in pairs.items():
        click.echo(f"  {name:<{width}}  {shown(value)}")
    click.echo()


def _print_checks(checks: list[Check]) -> None:
    click.echo("checks")
    for check in checks:
        click.echo(f"  {_MARKS[check.healthy]:<6}  {check.subject}: {shown(check.detail)}")
        if check.advice:
            click.echo(f"          {shown(check.advice)}")
