"""A layer: experiments of which a unit is in at most one, since each has a range of the layer's buckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from variate.errors import InvalidInputError
from variate.model.instant import check_instant
from variate.model.percentage import percent_buckets
from variate.model.rules import check_id, check_name, check_prose, check_whole, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRange:
    """The part of ``layer_id`` from ``start`` to before ``end``, in percent of the units."""

    layer_id: str
    start: float
    end: float

    def __post_init__(self) -> None:
        check_id("layer", self.layer_id)
        first, last = self.buckets
        if first >= last:
            raise InvalidInputError(
                "layer_range", f"must begin before it ends, not {shown(self.start)} to {shown(self.end)}"
            )

    @property
    def buckets(self) -> tuple[int, int]:
        """The first bucket of the range and the first after it."""
        return percent_buckets("layer_range[0]", self.start), percent_buckets("layer_range[1]", self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The ranges claimed by experiments, by experiment id; no two overlap.

    The claims stand here, not only at the experiments, so that they are true once built and a change of them is a
    change of one value: of two writers who claim the same buckets at once one is refused.
    """

    id: str
    name: str
    description: str = ""
    salt: str
    ranges: Mapping[str, LayerRange]
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        check_id("layer.id", self.id)
        check_name("layer.name", self.name)
        check_prose("layer.description", self.description)
        check_id("layer.salt", self.salt)
        check_whole("layer.revision", self.revision, minimum=1, maximum=2**53)
        object.__setattr__(self, "ranges", dict(self.ranges))
        object.__setattr__(self, "created_at", check_instant("layer.created_at", self.created_at))
        object.__setattr__(self, "updated_at", check_instant("layer.updated_at", self.updated_at))
        claims = sorted((*claim.buckets, owner) for owner, claim in self.ranges.items())
        for (_, end, owner), (start, _, other) in pairwise(claims):
            if start < end:
                raise InvalidInputError(
                    "layer_range", f"overlaps in layer {self.id!r}: experiments {owner!r} and {other!r} share buckets"
                )

    def claimed(self, experiment_id: str, claim: LayerRange | None, *, at: datetime) -> Layer:
        """Return this layer with the experiment's range set to ``claim``, or given back where that is None."""
        ranges = {owner: each for owner, each in self.ranges.items() if owner != experiment_id}
        if claim is not None:
            ranges[experiment_id] = claim
        return replace(self, ranges=ranges, revision=self.revision + 1, updated_at=at)
