"""A file's metrics on the command line say what is measured, and a mistake names its part."""

from __future__ import annotations

import pytest

from variate.cli.file_report import weights_of
from variate.cli.metric_spec import specified, with_covariates
from variate.errors import InvalidInputError
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.metric import Direction, MetricKind
from variate.stores.duckdb.file_question import FileMetric


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("revenue", FileMetric(name="revenue", column="revenue")),
        ("mean:revenue", FileMetric(name="revenue", column="revenue", kind=MetricKind.MEAN)),
        ("proportion:bought", FileMetric(name="bought", column="bought", kind=MetricKind.PROPORTION)),
        ("ratio:a/b", FileMetric(name="a/b", column="a", denominator="b", kind=MetricKind.RATIO)),
        ("ratio:y/rows", FileMetric(name="y/rows", column="y", denominator="rows", kind=MetricKind.RATIO)),
        ("quantile:ms@0.9", FileMetric(name="ms@0.9", column="ms", quantile=0.9, kind=MetricKind.QUANTILE)),
        ("revenue,cap=0.999", FileMetric(name="revenue", column="revenue", cap_quantile=0.999)),
        (
            "mean:x,name=A, b,direction=decrease",
            FileMetric(name="x,name=A, b", column="x,name=A, b", kind=MetricKind.MEAN, direction=Direction.DECREASE),
        ),
        ("a, b,name=A", FileMetric(name="A", column="a, b")),
        ("odd:column", FileMetric(name="odd:column", column="odd:column")),
    ],
)
def test_a_specification_is_a_metric(text: str, metric: FileMetric) -> None:
    found = specified(text)
    assert found.metric == metric
    assert found.role == ExperimentMetric(metric=metric.name)


def test_a_role_and_its_margin_are_given_after_the_column() -> None:
    found = specified("latency,direction=decrease,role=guardrail,margin=0.5")
    assert found.role == ExperimentMetric(metric="latency", role=MetricRole.GUARDRAIL, margin=0.5)
    assert found.metric.direction is Direction.DECREASE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must not be empty"),
        ("mean:", "must not be empty"),
        ("ratio:a", "must be ratio:COLUMN/COLUMN"),
        ("quantile:a", "must be quantile:COLUMN@SHARE"),
        ("quantile:a@x", "must be a number, not 'x'"),
        ("quantile:a@1", "must be between 0 and 1"),
        ("a,cap=much", "cap: must be a number"),
        ("proportion:a,cap=0.9", "has a cap"),
        ("a,direction=up", "direction: must be one of increase, decrease, not 'up'"),
        ("a,role=main", "role: must be one of goal, secondary, guardrail"),
        ("a,margin=1", "margin: is of guardrails only"),
    ],
)
def test_a_specification_that_is_none_says_why(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as found:
        specified(text)
    assert said in str(found.value)


def test_covariates_go_to_the_metric_of_their_name_or_column() -> None:
    metrics = [specified("mean:revenue,name=Revenue"), specified("ratio:a=b/c")]
    found = with_covariates(metrics, ["revenue=before", "a=b/c=x1", "Revenue=more", "a=b/c=x2"])
    assert [each.metric.covariates for each in found] == [("before", "more"), ("x1", "x2")]
    for text in ("revenue", "revenue=", "other=x", "=x"):
        with pytest.raises(InvalidInputError, match="must be METRIC=COL, and METRIC one of Revenue, a=b/c"):
            with_covariates(metrics, [text])


def test_weights_are_by_variation() -> None:
    assert weights_of(None) == {}
    assert weights_of("a=1,b c=2.5,d=e=0") == {"a": 1, "b c": 2.5, "d=e": 0}
    for text in ("", "a", "a=x", "=1", "a=-1", "a=nan", "a=inf", "a=1,a=2"):
        if text:
            with pytest.raises(InvalidInputError, match="--weights"):
                weights_of(text)
