"""variate: A/B tests and feature flags on your own data layer.

The guide's functions act on ``default_platform()``, which the settings choose; ``Platform`` offers the same as typed
methods. Importing this reads nothing and opens nothing: each name is fetched when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from variate import errors
from variate._version import __version__

if TYPE_CHECKING:
    from variate.clients.dynamodb import DynamoDBClient, dynamodb_client
    from variate.clients.postgres import PostgresClient, pg_client
    from variate.clients.redis import RedisClient, redis_client
    from variate.functions.assignments import (
        create_assignment,
        get_experiment_assignments,
        get_user_assignment,
        get_user_assignments,
    )
    from variate.functions.caching import (
        cache_experiment_assignment,
        cache_feature_flag,
        cache_get,
        get_cached_experiment_assignment,
        get_cached_feature_flag,
    )
    from variate.functions.decisions import (
        assign,
        assign_many,
        decide,
        decide_many,
        evaluate_all_flags,
        evaluate_flag,
        flush_assignments,
    )
    from variate.functions.events import batch_create_events, get_user_events, record_event, record_exposure
    from variate.functions.experiments import (
        archive_experiment,
        conclude_experiment,
        create_experiment,
        get_audit_log,
        get_experiment,
        get_experiment_with_cache,
        launch_checklist,
        list_active_experiments,
        list_experiments,
        start_new_version,
        transfer_experiment_ownership,
        update_experiment,
        update_experiment_status,
        update_experiment_with_override,
    )
    from variate.functions.explanations import explain, explain_flag, preview_change, preview_new_version
    from variate.functions.flags import (
        archive_feature_flag,
        create_feature_flag,
        get_active_feature_flags,
        get_feature_flag,
        list_feature_flags,
        promote_feature_flag,
        update_feature_flag,
        update_feature_flag_status,
        update_flag_environment,
    )
    from variate.functions.groups import (
        create_audience,
        create_holdout,
        create_layer,
        get_audience,
        get_holdout,
        get_layer,
        list_audiences,
        list_holdouts,
        list_layers,
        remove_audience,
        remove_holdout,
        remove_layer,
        update_audience,
        update_holdout,
    )
    from variate.functions.metrics import create_metric, get_metric, list_metrics, remove_metric, update_metric
    from variate.functions.overrides import (
        create_flag_override,
        create_override,
        get_flag_override,
        get_override,
        list_flag_overrides,
        list_overrides,
        remove_flag_override,
        remove_override,
    )
    from variate.functions.rate_limits import api_request_handler, check_rate_limit, check_sliding_rate_limit
    from variate.functions.reports import get_report, list_reports, report_experiment
    from variate.functions.snapshots import (
        get_snapshot,
        list_snapshots,
        publish_snapshot,
        rollback_snapshot,
        serving_status,
    )
    from variate.model.decision import Decision, Reason
    from variate.platform import Platform, default_platform
    from variate.settings import Settings
    from variate.stores.wrappers.retrying import with_retry

_NAMES = {
    "variate.clients.dynamodb": ("DynamoDBClient", "dynamodb_client"),
    "variate.clients.postgres": ("PostgresClient", "pg_client"),
    "variate.clients.redis": ("RedisClient", "redis_client"),
    "variate.functions.assignments": (
        "create_assignment",
        "get_experiment_assignments",
        "get_user_assignment",
        "get_user_assignments",
    ),
    "variate.functions.caching": (
        "cache_experiment_assignment",
        "cache_feature_flag",
        "cache_get",
        "get_cached_experiment_assignment",
        "get_cached_feature_flag",
    ),
    "variate.functions.decisions": (
        "assign",
        "assign_many",
        "decide",
        "decide_many",
        "evaluate_all_flags",
        "evaluate_flag",
        "flush_assignments",
    ),
    "variate.functions.events": ("batch_create_events", "get_user_events", "record_event", "record_exposure"),
    "variate.functions.experiments": (
        "archive_experiment",
        "conclude_experiment",
        "create_experiment",
        "get_audit_log",
        "get_experiment",
        "get_experiment_with_cache",
        "launch_checklist",
        "list_active_experiments",
        "list_experiments",
        "start_new_version",
        "transfer_experiment_ownership",
        "update_experiment",
        "update_experiment_status",
        "update_experiment_with_override",
    ),
    "variate.functions.explanations": ("explain", "explain_flag", "preview_change", "preview_new_version"),
    "variate.functions.flags": (
        "archive_feature_flag",
        "create_feature_flag",
        "get_active_feature_flags",
        "get_feature_flag",
        "list_feature_flags",
        "promote_feature_flag",
        "update_feature_flag",
        "update_feature_flag_status",
        "update_flag_environment",
    ),
    "variate.functions.groups": (
        "create_audience",
        "create_holdout",
        "create_layer",
        "get_audience",
        "get_holdout",
        "get_layer",
        "list_audiences",
        "list_holdouts",
        "list_layers",
        "remove_audience",
        "remove_holdout",
        "remove_layer",
        "update_audience",
        "update_holdout",
    ),
    "variate.functions.metrics": ("create_metric", "get_metric", "list_metrics", "remove_metric", "update_metric"),
    "variate.functions.overrides": (
        "create_flag_override",
        "create_override",
        "get_flag_override",
        "get_override",
        "list_flag_overrides",
        "list_overrides",
        "remove_flag_override",
        "remove_override",
    ),
    "variate.functions.rate_limits": ("api_request_handler", "check_rate_limit", "check_sliding_rate_limit"),
    "variate.functions.reports": ("get_report", "list_reports", "report_experiment"),
    "variate.functions.snapshots": (
        "get_snapshot",
        "list_snapshots",
        "publish_snapshot",
        "rollback_snapshot",
        "serving_status",
    ),
    "variate.model.decision": ("Decision", "Reason"),
    "variate.platform": ("Platform", "default_platform"),
    "variate.settings": ("Settings",),
    "variate.stores.wrappers.retrying": ("with_retry",),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "Decision",
    "DynamoDBClient",
    "Platform",
    "PostgresClient",
    "Reason",
    "RedisClient",
    "Settings",
    "__version__",
    "api_request_handler",
    "archive_experiment",
    "archive_feature_flag",
    "assign",
    "assign_many",
    "batch_create_events",
    "cache_experiment_assignment",
    "cache_feature_flag",
    "cache_get",
    "check_rate_limit",
    "check_sliding_rate_limit",
    "conclude_experiment",
    "create_assignment",
    "create_audience",
    "create_experiment",
    "create_feature_flag",
    "create_flag_override",
    "create_holdout",
    "create_layer",
    "create_metric",
    "create_override",
    "decide",
    "decide_many",
    "default_platform",
    "dynamodb_client",
    "errors",
    "evaluate_all_flags",
    "evaluate_flag",
    "explain",
    "explain_flag",
    "flush_assignments",
    "get_active_feature_flags",
    "get_audience",
    "get_audit_log",
    "get_cached_experiment_assignment",
    "get_cached_feature_flag",
    "get_experiment",
    "get_experiment_assignments",
    "get_experiment_with_cache",
    "get_feature_flag",
    "get_flag_override",
    "get_holdout",
    "get_layer",
    "get_metric",
    "get_override",
    "get_report",
    "get_snapshot",
    "get_user_assignment",
    "get_user_assignments",
    "get_user_events",
    "launch_checklist",
    "list_active_experiments",
    "list_audiences",
    "list_experiments",
    "list_feature_flags",
    "list_flag_overrides",
    "list_holdouts",
    "list_layers",
    "list_metrics",
    "list_overrides",
    "list_reports",
    "list_snapshots",
    "pg_client",
    "preview_change",
    "preview_new_version",
    "promote_feature_flag",
    "publish_snapshot",
    "record_event",
    "record_exposure",
    "redis_client",
    "remove_audience",
    "remove_flag_override",
    "remove_holdout",
    "remove_layer",
    "remove_metric",
    "remove_override",
    "report_experiment",
    "rollback_snapshot",
    "serving_status",
    "start_new_version",
    "transfer_experiment_ownership",
    "update_audience",
    "update_experiment",
    "update_experiment_status",
    "update_experiment_with_override",
    "update_feature_flag",
    "update_feature_flag_status",
    "update_flag_environment",
    "update_holdout",
    "update_metric",
    "with_retry",
]


def __getattr__(name: str) -> object:
    try:
        module = _MODULE_OF[name]
    except KeyError:
        raise AttributeError(f"module 'variate' has no attribute {name!r}") from None
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
