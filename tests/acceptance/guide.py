"""The guide's own definitions: what they are called, what they take, and what they give back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "shared" / "seed" / "guide.md"
"""Beside the project where it is developed; elsewhere the table below stands for it."""

SIGNATURES = {
    "PostgresClient.__init__": "self, environment=None",
    "PostgresClient.get_connection": "self",
    "PostgresClient.get_cursor": "self",
    "PostgresClient.close": "self",
    "DynamoDBClient.__init__": "self, environment=None",
    "DynamoDBClient.get_table": "self, table_key",
    "RedisClient.__init__": "self, environment=None",
    "RedisClient.get_redis_connection": "self, use_reader=False",
    "RedisClient.close_connections": "self",
    "create_experiment": "name, description, variations, owner=None",
    "get_experiment": "experiment_id",
    "update_experiment_status": "experiment_id, status",
    "list_active_experiments": "",
    "transfer_experiment_ownership": "experiment_id, new_owner",
    "create_assignment": "user_id, experiment_id, variation, ttl_days=30",
    "get_user_assignment": "user_id, experiment_id",
    "get_experiment_assignments": "experiment_id, limit=100, last_key=None",
    "record_event": "user_id, event_type, data, experiment_id=None, ttl_days=90",
    "get_user_events": "user_id, event_type=None, start_time=None, end_time=None, limit=50",
    "create_feature_flag": "name, description, rules, status='inactive'",
    "get_active_feature_flags": "",
    "update_feature_flag_status": "flag_id, status",
    "cache_experiment_assignment": "user_id, experiment_id, variation, ttl=3600",
    "get_cached_experiment_assignment": "user_id, experiment_id",
    "cache_feature_flag": "user_id, feature_id, value, ttl=300",
    "get_cached_feature_flag": "user_id, feature_id",
    "cache_get": "key, fetch_func, ttl=300",
    "get_experiment_with_cache": "experiment_id",
    "check_rate_limit": "key, max_requests, window_seconds",
    "api_request_handler": "request",
    "batch_create_events": "events",
    "update_experiment_with_override": "experiment_id, status, user_id=None, variation=None",
    "with_retry": "func, max_retries=3, base_delay=0.1",
}
"""Every public function and method that the guide defines, but for its ``lambda_handler``, which is the user's."""

VARIATION = {
    "id": str,
    "experiment_id": str,
    "name": str,
    "description": str,
    "value": object,
    "weight": int,
    "created_at": str,
    "updated_at": str,
}
EXPERIMENT = {
    "id": str,
    "name": str,
    "description": str,
    "status": str,
    "owner": str,
    "created_at": str,
    "updated_at": str,
    "variations": list,
}
ASSIGNMENT = {"id": str, "user_id": str, "experiment_id": str, "variation": str, "assigned_at": int, "ttl": int}
EVENT = {"id": str, "timestamp": str, "user_id": str, "event_type": str, "data": object, "ttl": int}
FLAG = {
    "id": str,
    "name": str,
    "description": str,
    "rules": object,
    "status": str,
    "created_at": str,
    "updated_at": str,
}
PAGE = {"items": list, "last_key": object}


def defined_in_the_guide() -> dict[str, str]:
    """Return the signatures of the guide's own code, as ``SIGNATURES`` writes them."""
    found: dict[str, str] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL):
        try:
            tree = ast.parse(block)
        except SyntaxError:
            continue  # its last example of error handling has comments for bodies
        for name, function in _functions(tree.body):
            found[name] = ast.unparse(function.args)
    return found


def _functions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and (node.name == "__init__" or not node.name.startswith("_")):
            yield f"{prefix}{node.name}", node
