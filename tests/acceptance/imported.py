"""What the process that examples are forked from imports: see ``examples``. Nothing else is to import this."""

from __future__ import annotations

import warnings

warnings.simplefilter("error")

import alembic.command  # noqa: E402 - the warnings of these are errors, too
import scipy.stats  # noqa: E402

import variate.platform  # noqa: E402

__all__ = ["alembic", "scipy", "variate"]
