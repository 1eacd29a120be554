"""A form as it was sent: what was typed, by name, and what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from variate.errors import ConflictError, InvalidInputError, VariateError
from variate.model import Json, parse_instant
from variate.model.record import plain_number
from variate.server.dashboard.field_names import field_words
from variate.server.dashboard.templating import for_input
from variate.server.dashboard.typed_json import json_value
from variate.server.management.locations import is_addressable
from variate.server.management.problems import named_here
from variate.server.refusal import Refusal, refusal_of

MOST_FIELDS = 5_000
MOST_OF_A_NAME = 200
"""How long a field's name may be: ours are shorter by far, and a name has a row for each bracket in it."""
PRESSED = "do"
"""The name of a form's buttons that do something else than to send it: its value says what."""
_SET, _SHOW = "set:", "show:"
_ADD, _REMOVE, _UP, _DOWN = "add:", "remove:", "up:", "down:"
_NUMBER = r"\[(0|[1-9][0-9]{0,3})\]"
"""As we write a row's number: by another spelling it would be a row for one reader, and none for another."""
_NUMBERED = re.compile(_NUMBER)
_ROW = re.compile(rf"(.+){_NUMBER}")
_SECRET = ("password", "present")
_NEW = re.compile(r"[0-9a-f-]{36}")


class Form:
    """What was typed, and what is wrong with it. An empty one is a form that nobody has sent yet.

    Fields are called as the platform calls what they are of, as in ``variations[0].weight``: what it finds wrong is
    then said beside them.
    """

    def __init__(self, given: Iterable[tuple[str, str]] = (), *, sent: bool = False) -> None:
        self.sent = sent
        self.errors: dict[str, str] = {}
        """The rule that is broken, by field."""
        self.problem: str | None = None
        """What is wrong with all of it."""
        self.others: Collection[str] = ()
        """The fields of other forms on the page it is shown on, which nobody has sent: they have what stands."""
        self._values: dict[str, list[str]] = {}
        self._numbers: dict[str, dict[int, None]] | None = None
        for name, value in given:
            self._values.setdefault(name, []).append(value)

    def has(self, name: str) -> bool:
        """Whether the field came with the form; an empty field does, a box that is not ticked does not."""
        return name in self._values

    def text(self, name: str, standing: object = "") -> str:
        """Return what was typed, without spaces around it; of a form not sent, what stands."""
        if not self._came_with(name):
            return "" if standing is None else str(standing)
        return self._values.get(name, [""])[0].strip()

    def raw(self, name: str) -> str:
        """Return what was typed as it is, as of a password."""
        return self._values.get(name, [""])[0]

    def all(self, name: str, standing: Iterable[str] = ()) -> list[str]:
        """Return everything that was chosen under the name; of a form not sent, what stands."""
        return [each for each in self._values.get(name, ()) if each] if self._came_with(name) else [*standing]

    def put(self, name: str, value: str) -> None:
        """Have the field show another value than was typed, as what was reckoned for it."""
        self._take({**self._values, name: [value]})

    def lines(self, name: str) -> list[str]:
        """Return each line that was typed, without spaces around it; empty ones are none."""
        return [line.strip() for line in self.raw(name).split("\n") if line.strip()]

    def ticked(self, name: str, standing: object = False) -> bool:
        """Whether the box is ticked."""
        return self.has(name) if self._came_with(name) else bool(standing)

    def number(self, name: str) -> float | None:
        """Return the number, an int where it is whole, None for an empty field.

        Raise ``InvalidInputError`` for another text.
        """
        text = self.text(name)
        if not text:
            return None
        try:
            number = float(text.replace("\u202f", "").replace(" ", ""))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InvalidInputError(name, f"must be a number such as 12.5, not {text!r}")
        return plain_number(number)

    def needed(self, name: str, rule: str = "must be given") -> float:
        """Return the number; raise ``InvalidInputError`` by ``rule`` for an empty field, too."""
        number = self.number(name)
        if number is None:
            raise InvalidInputError(name, rule)
        return number

    def whole(self, name: str) -> int | None:
        """Return the whole number, None for an empty field; raise ``InvalidInputError`` for another text."""
        number = self.number(name)
        if isinstance(number, float):
            raise InvalidInputError(name, f"must be a whole number, not {self.text(name)!r}")
        return number

    def moment(self, name: str, standing: datetime | None = None) -> datetime | None:
        """Return the moment, None for an empty field. Where no offset is typed it is in UTC, as the label says.

        A field shows moments to the minute: one that nobody touched is ``standing``, with its seconds.
        """
        text = self.text(name)
        if not text:
            return None
        if standing is not None and text == for_input(standing):
            return standing
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise InvalidInputError(name, f"must be a moment such as 2026-01-31T09:30 (UTC), not {text!r}") from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else parse_instant(name, text)

    def json(self, name: str) -> Json:
        """Return the JSON that was typed, None for an empty field; raise ``InvalidInputError`` for another text."""
        text = self.text(name)
        return json_value(name, text) if text else None

    @property
    def revision(self) -> int | None:
        """The revision that the form was made from: what is changed by then is not to be written over."""
        return self.whole("revision")

    @property
    def new_id(self) -> str | None:
        """The id for what this form creates: the same however often it is sent."""
        found = self.text("new_id")
        return found if _NEW.fullmatch(found) else None

    def words(self, name: str) -> str:
        """Return what a field is called where no label stands beside it: ``Variation 2, weight``."""
        return field_words(name, row=self._place)

    def _place(self, prefix: str, item: str) -> str:
        """Return the row's number as the page counts those that are left."""
        if not item.isdecimal():
            return item
        rows, number = self.rows(prefix), int(item)
        return str((rows.index(number) if number in rows else number) + 1)

    def rows(self, prefix: str, *, standing: int = 0) -> list[int]:
        """Return the numbers of the rows, as in ``prefix[0].name``, as they stand; of a form not sent, so many."""
        if not self.sent:
            return [*range(standing)]
        if self._numbers is None:
            self._numbers = _numbers_of(self._values)
        return [*self._numbers.get(prefix, ())]

    def chosen_id(self, name: str = "id") -> str | None:
        """Return the id typed for something new, None for an empty field; raise for one that HTTP cannot ask for."""
        typed = self.text(name)
        if not typed:
            return None
        if not is_addressable(typed):
            raise InvalidInputError(
                name, "must be printable and without slashes and backslashes: over HTTP a path names it"
            )
        return typed

    def compact(self, prefix: str) -> None:
        """Number the rows from 0 as they stand, as the platform numbers them when it says what is wrong there."""
        numbers = {f"{prefix}[{number}]": f"{prefix}[{place}]" for place, number in enumerate(self.rows(prefix))}
        row = re.compile(re.escape(prefix) + _NUMBER)

        def numbered(name: str) -> str:
            found = row.match(name)
            return name if found is None else numbers[found[0]] + name[found.end() :]

        self._take({numbered(name): values for name, values in self._values.items()})

    @property
    def pressed(self) -> str:
        """What the button says that the form was sent by; empty for the one that sends it."""
        return self.raw(PRESSED)

    def reshaped(self) -> bool:
        """Add, remove or move the row that a button asked for; whether one did, and the form is only shown again.

        Such buttons are called ``do``, with ``add:PREFIX``, or ``remove:``, ``up:`` or ``down:`` and ``PREFIX[NUMBER]``
        for their value. ``add:PREFIX=KIND`` says of the row what it is, under ``PREFIX[NUMBER]``; ``set:NAME=VALUE``
        puts that into a field; ``show:`` with anything only shows the form again.
        """
        if self.pressed.startswith(_ADD):
            prefix, _, kind = self.pressed.removeprefix(_ADD).partition("=")
            number = max(self.rows(prefix), default=-1) + 1
            self.put(f"{prefix}[{number}]", kind)
            return True
        if self.pressed.startswith(_SET):
            name, _, value = self.pressed.removeprefix(_SET).partition("=")
            self.put(name, value)
            return True
        if self.pressed.startswith(_SHOW):
            return True
        row = _ROW.fullmatch(self.pressed.removeprefix(_REMOVE)) if self.pressed.startswith(_REMOVE) else None
        if row is not None:
            gone = f"{row[1]}[{row[2]}]"
            self._take({name: values for name, values in self._values.items() if not name.startswith(gone)})
            return True
        for verb, step in ((_UP, -1), (_DOWN, 1)):
            row = _ROW.fullmatch(self.pressed.removeprefix(verb)) if self.pressed.startswith(verb) else None
            if row is not None:
                self._move(row[1], int(row[2]), step)
                return True
        return False

    def _move(self, prefix: str, number: int, step: int) -> None:
        """Have the row change places with the one before it, or after it; at the end nothing moves.

        Its number stays, so that the button that was pressed moves the same row on.
        """
        numbers = self.rows(prefix)
        place = numbers.index(number) if number in numbers else -1
        if place < 0 or not 0 <= place + step < len(numbers):
            return
        numbers[place], numbers[place + step] = numbers[place + step], numbers[place]
        row = re.compile(re.escape(prefix) + _NUMBER)
        others: dict[str, list[str]] = {}
        of_rows: dict[int, dict[str, list[str]]] = {each: {} for each in numbers}
        for name, values in self._values.items():
            found = row.match(name)
            kept = others if found is None else of_rows[int(found[1])]
            kept[name] = values
        self._take(others | {name: values for fields in of_rows.values() for name, values in fields.items()})

    def _came_with(self, name: str) -> bool:
        """Whether the field was sent, be it as one that is not ticked."""
        return self.sent and name not in self.others

    def _take(self, values: dict[str, list[str]]) -> None:
        """Have these for what was typed, whose rows are to be found anew."""
        self._values = values
        self._numbers = None

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is wrong with a field and go on, so that all that is wrong is said at once: see ``check``."""
        try:
            yield
        except InvalidInputError as error:
            self.refuse(error)

    def check(self) -> None:
        """Raise ``InvalidInputError`` where something wrong was noted."""
        for field, rule in self.errors.items():
            raise InvalidInputError(field, rule)

    def refuse(self, error: VariateError | Refusal) -> int:
        """Take over why what was typed was refused; return the status of the answer."""
        refusal = error if isinstance(error, Refusal) else refusal_of(error)
        if isinstance(error, InvalidInputError):
            found = named_here(error)
            self.errors.setdefault(found.field, found.rule)
        elif isinstance(error, ConflictError):
            self.problem = f"{error}. What you typed is still here: load the page anew to see what stands now."
        else:
            self.problem = refusal.detail
        return refusal.status

    @property
    def said(self) -> list[tuple[str, str]]:
        """What was typed, to be sent once more: without passwords, which no page is to hold, and the old token."""
        return [
            (name, value)
            for name, values in self._values.items()
            if name != "csrf_token" and not any(part in name for part in _SECRET)
            for value in values
        ]


def _numbers_of(names: Iterable[str]) -> dict[str, dict[int, None]]:
    """Return the numbers of all rows by their prefix, as they stand: once, for each row asks for the rows below it."""
    numbers: dict[str, dict[int, None]] = {}
    for name in names:
        if len(name) > MOST_OF_A_NAME:  # in a link: of a form it is refused
            continue
        for found in _NUMBERED.finditer(name):
            numbers.setdefault(name[: found.start()], {})[int(found[1])] = None
    return numbers


def read_form(body: bytes, media_type: str) -> Form:
    """Return the form of a request; raise ``Refusal`` where that is none."""
    if media_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "unsupported_media_type", "a form is sent as application/x-www-form-urlencoded")
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise Refusal(400, "malformed_body", "the form cannot be read") from error
    if any(len(name) > MOST_OF_A_NAME for name, _ in pairs):
        raise Refusal(400, "malformed_body", f"a field's name may have at most {MOST_OF_A_NAME} characters")
    return Form([(name, value.replace("\r\n", "\n")) for name, value in pairs], sent=True)
