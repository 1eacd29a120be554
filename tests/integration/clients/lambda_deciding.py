"""A process as Lambda runs one, whose handler assigns: it is invoked with one event a line of standard input."""

from __future__ import annotations

import json
import sys
from typing import Any

import variate
from variate.aws.lambdas import lambda_handler


@lambda_handler
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return {"variation": variate.assign(event["user"], event["experiment"]).variation}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(handler(json.loads(line), None)), flush=True)
