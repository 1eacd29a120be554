"""What experiments and flags share: audiences, layers and holdouts."""

from __future__ import annotations

from variate.functions.rows import Rows, rows
from variate.model import Json
from variate.model.group_record import audience_record, holdout_record, layer_record
from variate.model.record import Record
from variate.platform import default_platform


def create_audience(audience_id: str, condition: Json, name: str | None = None, description: str = "") -> Record:
    """Store a new audience, a condition with a name, and return it."""
    return audience_record(
        default_platform().create_audience(audience_id, condition=condition, name=name, description=description)
    )


def get_audience(audience_id: str) -> Record | None:
    """Return the audience, or None."""
    audience = default_platform().get_audience(audience_id)
    return None if audience is None else audience_record(audience)


def list_audiences(limit: int | None = None, last_key: str | None = None) -> Rows:
    """Return the audiences, in order of id: all of them or, with a ``limit``, one page."""
    return rows(default_platform().list_audiences, audience_record, limit=limit, last_key=last_key)


def update_audience(
    audience_id: str, condition: Json = None, name: str | None = None, description: str | None = None
) -> Record:
    """Change what is given (not None), for every flag and draft that uses the audience, and return it.

    One that a started experiment uses keeps its condition.
    """
    return audience_record(
        default_platform().update_audience(audience_id, condition=condition, name=name, description=description)
    )


def remove_audience(audience_id: str) -> Record:
    """Remove an audience that no experiment that has not ended uses, and return it as it was."""
    return audience_record(default_platform().remove_audience(audience_id))


def create_layer(layer_id: str, name: str | None = None, description: str = "", *, salt: str | None = None) -> Record:
    """Store a new layer, in which a user is in at most one experiment, and return it."""
    return layer_record(default_platform().create_layer(layer_id, name=name, description=description, salt=salt))


def get_layer(layer_id: str) -> Record | None:
    """Return the layer with the ``ranges`` its experiments hold, in percent, or None."""
    layer = default_platform().get_layer(layer_id)
    return None if layer is None else layer_record(layer)


def list_layers(limit: int | None = None, last_key: str | None = None) -> Rows:
    """Return the layers, in order of id: all of them or, with a ``limit``, one page."""
    return rows(default_platform().list_layers, layer_record, limit=limit, last_key=last_key)


def remove_layer(layer_id: str) -> Record:
    """Remove a layer in which no experiment holds a range, and return it as it was."""
    return layer_record(default_platform().remove_layer(layer_id))


def create_holdout(
    holdout_id: str, percentage: float, name: str | None = None, description: str = "", *, salt: str | None = None
) -> Record:
    """Store a new holdout, a share of the users that is kept out of the experiments that name it, and return it."""
    return holdout_record(
        default_platform().create_holdout(
            holdout_id, percentage=percentage, name=name, description=description, salt=salt
        )
    )


def get_holdout(holdout_id: str) -> Record | None:
    """Return the holdout, or None."""
    holdout = default_platform().get_holdout(holdout_id)
    return None if holdout is None else holdout_record(holdout)


def list_holdouts(limit: int | None = None, last_key: str | None = None) -> Rows:
    """Return the holdouts, in order of id: all of them or, with a ``limit``, one page."""
    return rows(default_platform().list_holdouts, holdout_record, limit=limit, last_key=last_key)


def update_holdout(
    holdout_id: str, percentage: float | None = None, name: str | None = None, description: str | None = None
) -> Record:
    """Change what is given (not None) and return the holdout. One that a started experiment names keeps its share."""
    return holdout_record(
        default_platform().update_holdout(holdout_id, percentage=percentage, name=name, description=description)
    )


def remove_holdout(holdout_id: str) -> Record:
    """Remove a holdout that no experiment that has not ended names, and return it as it was."""
    return holdout_record(default_platform().remove_holdout(holdout_id))
