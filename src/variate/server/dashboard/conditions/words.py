"""How operators and what they compare with are called on a page."""

from __future__ import annotations

from variate.model.operators import Operator
from variate.server.dashboard.conditions.operands import Kind, Shape

OPERATORS: tuple[tuple[str, tuple[tuple[Operator, str], ...]], ...] = (
    (
        "Any value",
        (
            (Operator.EQUALS, "equals"),
            (Operator.NOT_EQUALS, "does not equal"),
            (Operator.IN, "is one of"),
            (Operator.NOT_IN, "is none of"),
        ),
    ),
    (
        "Text",
        (
            (Operator.CONTAINS, "contains"),
            (Operator.NOT_CONTAINS, "does not contain"),
            (Operator.STARTS_WITH, "starts with"),
            (Operator.ENDS_WITH, "ends with"),
            (Operator.MATCHES, "matches the expression"),
            (Operator.NOT_MATCHES, "does not match the expression"),
        ),
    ),
    (
        "Number",
        (
            (Operator.GREATER_THAN, "is greater than"),
            (Operator.GREATER_THAN_OR_EQUALS, "is at least"),
            (Operator.LESS_THAN, "is less than"),
            (Operator.LESS_THAN_OR_EQUALS, "is at most"),
        ),
    ),
    ("Time", ((Operator.BEFORE, "is before"), (Operator.AFTER, "is after"))),
    (
        "Version",
        (
            (Operator.SEMVER_EQUALS, "is version"),
            (Operator.SEMVER_NOT_EQUALS, "is not version"),
            (Operator.SEMVER_GREATER_THAN, "is above version"),
            (Operator.SEMVER_GREATER_THAN_OR_EQUALS, "is version or above"),
            (Operator.SEMVER_LESS_THAN, "is below version"),
            (Operator.SEMVER_LESS_THAN_OR_EQUALS, "is version or below"),
        ),
    ),
    ("Address", ((Operator.IN_CIDR, "is in the network"), (Operator.NOT_IN_CIDR, "is not in the network"))),
    (
        "List",
        (
            (Operator.INCLUDES, "includes"),
            (Operator.NOT_INCLUDES, "does not include"),
            (Operator.INCLUDES_ANY, "includes one of"),
            (Operator.NOT_INCLUDES_ANY, "includes none of"),
        ),
    ),
    (
        "Whether there is something",
        (
            (Operator.EXISTS, "is there"),
            (Operator.NOT_EXISTS, "is not there"),
            (Operator.IS_NULL, "is null"),
            (Operator.NOT_NULL, "is not null"),
            (Operator.EMPTY, "is empty"),
            (Operator.NOT_EMPTY, "is not empty"),
        ),
    ),
)
"""Every operator, by what it compares."""

MATCHES: tuple[tuple[str, str], ...] = (
    ("all", "all of these hold"),
    ("any", "at least one of these holds"),
    ("none", "none of these holds"),
    ("not_all", "not all of these hold"),
)

KINDS: dict[Shape, tuple[tuple[Kind, str], ...]] = {
    Shape.SCALAR: (
        (Kind.TEXT, "text"),
        (Kind.NUMBER, "number"),
        (Kind.TRUE, "true"),
        (Kind.FALSE, "false"),
        (Kind.NULL, "null"),
    ),
    Shape.LIST: ((Kind.TEXT, "texts"), (Kind.NUMBER, "numbers"), (Kind.JSON, "JSON each")),
}

HELP: dict[Shape, str] = {
    Shape.SCALAR: "Case and blanks count. The number 5 is not the text 5.",
    Shape.LIST: "One a line. Case counts.",
    Shape.TEXT: "Case and blanks count.",
    Shape.PATTERN: "RE2's syntax, found anywhere in the text; (?i) in front passes over case, ^ and $ are its ends.",
    Shape.NUMBER: "Such as 12.5. A text that looks like a number is none.",
    Shape.MOMENT: "In UTC.",
    Shape.VERSION: "Such as 2.4.0 or 1.x.",
    Shape.NETWORKS: "One a line, such as 10.0.0.0/8 or 2001:db8::1.",
}
