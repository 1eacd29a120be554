"""The names users rely on. A name that goes, or comes, is a decision: write it down here."""

from __future__ import annotations

import inspect

import variate

# The functions and clients of the guide.
GUIDE = {
    "DynamoDBClient",
    "PostgresClient",
    "RedisClient",
    "api_request_handler",
    "batch_create_events",
    "cache_experiment_assignment",
    "cache_feature_flag",
    "cache_get",
    "check_rate_limit",
    "create_assignment",
    "create_experiment",
    "create_feature_flag",
    "dynamodb_client",
    "get_active_feature_flags",
    "get_cached_experiment_assignment",
    "get_cached_feature_flag",
    "get_experiment",
    "get_experiment_assignments",
    "get_experiment_with_cache",
    "get_user_assignment",
    "get_user_events",
    "list_active_experiments",
    "pg_client",
    "record_event",
    "redis_client",
    "transfer_experiment_ownership",
    "update_experiment_status",
    "update_experiment_with_override",
    "update_feature_flag_status",
    "with_retry",
}
# What the guide implies and leaves out.
BESIDE = {
    "Platform",
    "Settings",
    "__version__",
    "archive_experiment",
    "archive_feature_flag",
    "check_sliding_rate_limit",
    "conclude_experiment",
    "create_override",
    "default_platform",
    "errors",
    "get_audit_log",
    "get_feature_flag",
    "get_override",
    "get_user_assignments",
    "list_experiments",
    "list_feature_flags",
    "list_overrides",
    "record_exposure",
    "remove_override",
    "update_experiment",
    "update_feature_flag",
}
# What decides, and what decisions are made of.
DECIDING = {
    "Decision",
    "Reason",
    "assign",
    "assign_many",
    "create_audience",
    "create_flag_override",
    "create_holdout",
    "create_layer",
    "create_metric",
    "decide",
    "decide_many",
    "evaluate_all_flags",
    "evaluate_flag",
    "explain",
    "explain_flag",
    "flush_assignments",
    "get_audience",
    "get_flag_override",
    "get_holdout",
    "get_layer",
    "get_metric",
    "get_snapshot",
    "launch_checklist",
    "list_audiences",
    "list_flag_overrides",
    "list_holdouts",
    "list_layers",
    "list_metrics",
    "list_snapshots",
    "preview_change",
    "preview_new_version",
    "promote_feature_flag",
    "publish_snapshot",
    "remove_audience",
    "remove_flag_override",
    "remove_holdout",
    "remove_layer",
    "remove_metric",
    "rollback_snapshot",
    "serving_status",
    "start_new_version",
    "update_audience",
    "update_flag_environment",
    "update_holdout",
    "update_metric",
}
# What was found.
REPORTING = {"get_report", "list_reports", "report_experiment"}


def test_the_public_names_are_these() -> None:
    assert set(variate.__all__) == GUIDE | BESIDE | DECIDING | REPORTING
    assert sorted(set(variate.__all__)) == sorted(variate.__all__)


def test_every_public_name_is_there() -> None:
    for name in variate.__all__:
        assert getattr(variate, name) is not None
        assert name in dir(variate)


def test_every_public_function_and_class_says_what_it_does() -> None:
    for name in variate.__all__:
        value = getattr(variate, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), name


def test_another_name_is_an_attribute_error() -> None:
    assert not hasattr(variate, "no_such_name")
