"""A field of the form that SageMaker Studio and Service Catalog show: one parameter of the project template."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One parameter.

    Attributes:
        pattern: what the whole value must match, in the syntax that Java's and Python's expressions share;
            empty where `choices` say it.
        accepted: the rest of the sentence "… must be" that is shown for another value.
        default: None for a field that has to be filled in.
    """

    parameter: str
    label: str
    group: str
    accepted: str = ""
    pattern: str = ""
    longest: int | None = None
    choices: tuple[str, ...] = ()
    default: str | None = None
    numeric: bool = False

    @property
    def optional(self) -> bool:
        return self.default == ""
