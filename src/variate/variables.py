"""One variable of the environment, read: as text, a number, a truth or a list."""

from __future__ import annotations

from collections.abc import Mapping

from variate.errors import ConfigurationError


class Variables:
    """What the environment says; a variable that is empty or blank is one that is not set."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str | None:
        """Return the text, without blanks around it, or None."""
        return self._environ.get(name, "").strip() or None

    def whole(self, name: str, default: int) -> int:
        """Return the whole number."""
        value = self.text(name)
        try:
            return default if value is None else int(value)
        except ValueError as error:
            raise ConfigurationError(f"{name}: must be a whole number, not {value!r}") from error

    def number(self, name: str, default: float) -> float:
        """Return the number."""
        value = self.text(name)
        try:
            return default if value is None else float(value)
        except ValueError as error:
            raise ConfigurationError(f"{name}: must be a number, not {value!r}") from error

    def truth(self, name: str, *, default: bool) -> bool:
        """Return True for 1, true, yes and on, False for 0, false, no and off, in any case."""
        value = self.text(name)
        if value is None:
            return default
        try:
            return _TRUTHS[value.lower()]
        except KeyError as error:
            raise ConfigurationError(f"{name}: must be true or false, not {value!r}") from error

    def listed(self, name: str, default: str = "") -> tuple[str, ...]:
        """Return what stands between commas, without blanks around it."""
        return tuple(each.strip() for each in (self.text(name) or default).split(",") if each.strip())


_TRUTHS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
