"""What the documents of the management API have alike: strict about members and types, and about nothing else.

A shape only says which members there are and of which type. What they may hold are the platform's rules, which answer
in the same form; so no rule stands in two places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from variate.server.management.locations import is_addressable

_MOST_MEMBERS = 100
_MOST_ITEMS = 1_000
"""More than any shape has members, and than any of its lists may have items: the platform's own limits are lower."""

MOMENT = "ISO 8601 with an offset, such as 2026-11-02T09:00:00Z."


class Given(BaseModel):
    """What is sent: a member that is not known is refused, so that a misspelt one is not passed over."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _within_reason(cls, given: Any) -> Any:
        """Refuse at once what is far too much: told one by one, a million wrong items would take seconds."""
        if isinstance(given, dict):
            if len(given) > _MOST_MEMBERS:
                raise PydanticCustomError("members", f"must have at most {_MOST_MEMBERS} members")
            for name, field in cls.model_fields.items():
                value = given.get(name)
                if isinstance(value, list) and len(value) > _MOST_ITEMS and field.annotation is not Any:
                    raise PydanticCustomError("items", f"must have at most {_MOST_ITEMS} items in {name}")
        return given

    @property
    def given(self) -> dict[str, Any]:
        """What was sent, without what was not."""
        return self.model_dump(exclude_unset=True)


class Told(BaseModel):
    """What is answered."""


def _addressable(given: str) -> str:
    if not is_addressable(given):
        raise PydanticCustomError("id", "must be printable, without slashes and backslashes: paths name it")
    return given


NewId = Annotated[str, AfterValidator(_addressable)]
"""An id that is chosen over HTTP."""


def absent(description: str, **told: Any) -> Any:
    """Return the default of a member that need not be sent and has no null: what is not sent is not passed on."""
    return Field(default_factory=lambda: None, description=description, **told)


def example(**members: Any) -> ConfigDict:
    """Return the configuration that shows these members as the example."""
    return ConfigDict(json_schema_extra={"examples": [members]})


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the model's example."""
    match model.model_config.get("json_schema_extra"):
        case {"examples": [Mapping() as found, *_]}:
            return dict(found)
    raise LookupError(f"{model.__name__} has no example")


class Definition(Told):
    """What every definition is told with."""

    id: str
    name: str
    description: str
    revision: int = Field(ge=1, description="Counts its changes; it is also the `ETag`.")
    created_at: str = Field(description=MOMENT)
    updated_at: str = Field(description=MOMENT)
