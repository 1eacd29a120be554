"""The platform a command works on, for as long as it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from variate.platform import Platform
from variate.settings import Profile


@contextmanager
def opened_platform() -> Iterator[Platform]:
    """Yield the platform of the settings in the environment, and close it."""
    with Platform.open() as platform:
        yield platform


@contextmanager
def ready_platform() -> Iterator[Platform]:
    """Yield the platform, migrated where it is one file of this user's; elsewhere ``variate migrate`` is a decision."""
    with opened_platform() as platform:
        if platform.settings.profile is Profile.LOCAL:
            platform.migrate()
        yield platform
