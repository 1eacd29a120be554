"""Settings -> backends: the three profiles. Nothing here touches an engine; each connects at its first use.

Imports stand inside the functions, so that a profile needs only its own drivers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from variate.platform.analysing import streaming
from variate.platform.backends import Backends, HotBackends
from variate.platform.encryption import encrypt
from variate.settings import Profile, Settings
from variate.stores.memory import MemoryAnnouncements, MemoryCache, MemoryRateLimiter
from variate.stores.wrappers.breaker import CircuitBreaker
from variate.stores.wrappers.cached import CacheAside
from variate.stores.wrappers.resilient import GuardedCache, ResilientCache, ResilientRateLimiter

if TYPE_CHECKING:
    from variate.stores.sql import Database
    from variate.stores.sql.aggregation import SqlAggregator

# How many calls that write events gain by going on at once; see docs/adr/0015.
_SQLITE_WRITERS = 1  # a file has one writer
_POSTGRES_WRITERS = 4  # a quarter more than 1 or 2: while some wait for the server others make their rows
_DYNAMODB_WRITERS = 4  # each waits for the network; more would be no faster, for a call computes nearly as long


def open_backends(settings: Settings) -> Backends:
    """Return the backends of the settings' profile, encrypting where the settings say so."""
    hot = _hot(settings)
    if settings.profile is Profile.LOCAL:
        backends = _local(settings, hot)
    elif settings.profile is Profile.POSTGRES:
        backends = _postgres(settings, hot)
    else:
        backends = _aws(settings, hot)
    return encrypt(backends, settings)


def _hot(settings: Settings) -> HotBackends:
    """Redis where there is one; this process's memory else, and for the limits also while Redis is away."""
    if settings.redis_url is None and settings.profile is not Profile.AWS:
        cache = MemoryCache()
        return HotBackends(
            cache=cache,
            kept=cache,
            aside=CacheAside(cache),
            rate_limiter=MemoryRateLimiter(),
            announcements=MemoryAnnouncements(),
            pings={},
            close=lambda: None,
        )
    from variate.clients.redis import RedisClient
    from variate.stores.redis import RedisAnnouncements, RedisCache, RedisRateLimiter
    from variate.stores.redis.health import describe_server

    client = RedisClient(settings=settings)
    redis = RedisCache(client.get_redis_connection)
    limiter = RedisRateLimiter(client.get_redis_connection)
    breaker = CircuitBreaker(name="redis")
    return HotBackends(
        cache=ResilientCache(redis, breaker),
        kept=GuardedCache(redis, breaker),
        aside=CacheAside(redis, breaker=breaker),
        rate_limiter=ResilientRateLimiter(limiter, MemoryRateLimiter(), breaker),
        announcements=RedisAnnouncements(client.get_redis_connection),
        pings={"redis": lambda: describe_server(client.get_redis_connection)},
        close=client.close_connections,
    )


def _local(settings: Settings, hot: HotBackends) -> Backends:
    """One SQLite file."""
    from variate.stores.sql import SQLiteDatabase

    database = SQLiteDatabase(settings.sqlite_path)
    return _sql("sqlite", database, hot, event_writers=_SQLITE_WRITERS, close=hot.close)


def _postgres(settings: Settings, hot: HotBackends) -> Backends:
    """One PostgreSQL database."""
    from variate.clients.postgres import PostgresClient
    from variate.stores.sql import PostgresDatabase

    client = PostgresClient(settings=settings)

    def close() -> None:
        hot.close()
        client.close()

    database = PostgresDatabase(client.engine)
    return _sql("postgres", database, hot, event_writers=_POSTGRES_WRITERS, close=close)


def _sql(name: str, database: Database, hot: HotBackends, *, event_writers: int, close: Callable[[], None]) -> Backends:
    """Everything that is kept, in one database."""
    from variate.stores import sql

    def close_all() -> None:
        database.close()
        close()

    experiments = sql.SqlExperimentStore(database)
    return Backends(
        experiments=experiments,
        experiment_at_rest=experiments.get,
        opened=lambda experiment: experiment,
        audiences=sql.SqlDefinitionStore(database, sql.AUDIENCES),
        layers=sql.SqlDefinitionStore(database, sql.LAYERS),
        holdouts=sql.SqlDefinitionStore(database, sql.HOLDOUTS),
        metrics=sql.SqlDefinitionStore(database, sql.METRICS),
        audit=sql.SqlAuditLog(database),
        outboxes=(sql.SqlOutbox(database),),
        flags=sql.SqlFlagStore(database),
        assignments=sql.SqlAssignmentStore(database),
        overrides=sql.SqlOverrideStore(database),
        events=sql.SqlEventStore(database),
        event_writers=event_writers,
        serving=sql.SqlServingStore(database),
        snapshots=sql.SqlSnapshotStore(database),
        looks=sql.SqlLookStore(database),
        reports=sql.SqlReportStore(database),
        keys=sql.SqlKeyStore(database),
        people=sql.SqlPersonStore(database),
        replies=sql.SqlReplyStore(database),
        aggregator=lambda: _sql_aggregator(database),
        purge_analyses=lambda before: _sql_aggregator(database).purge(unused_before=before),
        hot=hot,
        engines={name: database},
        close=close_all,
    )


def _aws(settings: Settings, hot: HotBackends) -> Backends:
    """Definitions in Aurora PostgreSQL; what is many or served, in DynamoDB."""
    from variate.clients.dynamodb import DynamoDBClient
    from variate.stores import dynamodb

    source = _postgres(settings, hot)
    tables = DynamoDBClient(settings=settings)
    flags, events = dynamodb.DynamoDBFlagStore(tables), dynamodb.DynamoDBEventStore(tables)
    return replace(
        source,
        outboxes=(*source.outboxes, flags),
        flags=flags,
        assignments=dynamodb.DynamoDBAssignmentStore(tables),
        overrides=dynamodb.DynamoDBOverrideStore(tables),
        events=events,
        event_writers=_DYNAMODB_WRITERS,
        serving=dynamodb.DynamoDBServingStore(tables),
        snapshots=dynamodb.DynamoDBSnapshotStore(tables),
        aggregator=streaming(events),
        engines={**source.engines, "dynamodb": dynamodb.DynamoDBTables(tables)},
    )


def _sql_aggregator(database: Database) -> SqlAggregator:
    from variate.stores.sql.aggregation import SqlAggregator

    return SqlAggregator(database)
