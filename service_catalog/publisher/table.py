"""Reading TOML by full-match patterns; what is refused is told in one line with what would be accepted."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from service_catalog.publisher.errors import SettingsError


@dataclass(frozen=True)
class Rule:
    """`accepted` completes the sentence "must be …"."""

    pattern: str
    accepted: str

    def admits(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None


class Table:
    """A table of a file; `place` is where in it, as in `portfolios[0]`."""

    def __init__(self, file: str, place: str, values: Mapping[str, Any], known: Sequence[str] = ()) -> None:
        self.file, self._place, self._values = file, place, values
        if known:
            self.only(*known)

    def only(self, *known: str) -> None:
        """Raises SettingsError: another setting is there, or one of these isn't."""
        if unknown := sorted(self._values.keys() - set(known)):
            self.refuse(unknown[0], f"is no setting; expected {', '.join(known)}")
        if missing := [key for key in known if key not in self._values]:
            self.refuse(missing[0], "is missing")

    def refuse(self, key: str, problem: str) -> NoReturn:
        raise SettingsError(f"{self.file}: {self._at(key)}: {problem}")

    def keys_like(self, rule: Rule) -> list[str]:
        for key in self._values:
            if not rule.admits(key):
                self.refuse(key, f"must be {rule.accepted}")
        return list(self._values)

    def table(self, key: str) -> Table:
        value = self._values[key]
        if not isinstance(value, dict):
            self.refuse(key, "must be a table")
        return Table(self.file, self._at(key), value)

    def tables(self, key: str) -> list[Table]:
        value = self._values[key]
        if not (isinstance(value, list) and value and all(isinstance(each, dict) for each in value)):
            self.refuse(key, f"must be at least one table, as in [[{key}]]")
        return [Table(self.file, f"{self._at(key)}[{index}]", each) for index, each in enumerate(value)]

    def text(self, key: str, rule: Rule) -> str:
        return self._checked(key, self._values[key], rule)

    def texts(self, key: str, rule: Rule, most: int = 1000) -> tuple[str, ...]:
        """A list of texts in which none is there twice."""
        value = self._values[key]
        if not isinstance(value, list):
            self.refuse(key, f"must be a list; of {rule.accepted}")
        found = tuple(self._checked(key, each, rule) for each in value)
        if len(set(found)) != len(found):
            self.refuse(key, "holds a value twice; each must be there once")
        if len(found) > most:
            self.refuse(key, f"holds {len(found)} values; {most} is the most")
        return found

    def flag(self, key: str) -> bool:
        value = self._values[key]
        if not isinstance(value, bool):
            self.refuse(key, f"{value!r} must be true or false")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        value = self._values[key]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.refuse(key, f"{value!r} must be a whole number from {least} to {most}")
        return value

    def date(self, key: str) -> datetime.date:
        value = self._values[key]
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            self.refuse(key, f"{value!r} must be a date, such as 2026-01-31 without quotes")
        return value

    def _checked(self, key: str, value: object, rule: Rule) -> str:
        if not (isinstance(value, str) and rule.admits(value)):
            self.refuse(key, f"{value!r} must be {rule.accepted}")
        return value

    def _at(self, key: str) -> str:
        plain = key if re.fullmatch(r"[a-zA-Z0-9_. :/=+@-]+", key) else ascii(key)
        return f"{self._place}.{plain}" if self._place else plain
