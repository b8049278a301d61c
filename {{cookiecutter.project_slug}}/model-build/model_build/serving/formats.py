"""What a request's headers say: the form of its body, the form of the answer, and whether to explain it."""

from __future__ import annotations

from functools import lru_cache

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
PARQUET = "application/vnd.apache.parquet"
READ, WRITTEN = (CSV, JSON, JSON_LINES, PARQUET), (CSV, JSON, JSON_LINES)
MEDIA_TYPES = WRITTEN
ALIASES = {"application/x-parquet": PARQUET}  # SageMaker's built-in algorithms call it so
CHARSETS = ("utf-8", "utf8", "us-ascii")
ATTRIBUTIONS = {"": False, "attributions=false": False, "attributions=true": True}
LONGEST_QUOTE = 80


class RequestError(Exception):
    """What is wrong with a request and what would be accepted, in one line, with its HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def quoted(value: object) -> str:
    """A caller's value for an error message: on one line and not too long."""
    return repr(str(value)[:LONGEST_QUOTE])


@lru_cache(maxsize=32)
def content_type(header: str) -> str:
    """Media type of a request's Content-Type, one of `READ`.

    Raises:
        RequestError: 415, the server does not read it.
    """
    named, *parameters = (piece.strip().lower() for piece in header.split(";"))
    media = ALIASES.get(named, named)
    if media not in READ:
        raise RequestError(f"content type {quoted(named or 'missing')} is not read; expected {', '.join(READ)}", 415)
    charset = next((text[8:].strip('"') for text in parameters if text.startswith("charset=")), "utf-8")
    if charset not in CHARSETS:
        raise RequestError(f"charset {quoted(charset)} is not read; expected utf-8", 415)
    return media


@lru_cache(maxsize=32)
def answer_type(accept: str, asked_in: str) -> str:
    """Media type of the answer: the most wanted one of `WRITTEN`, that of the request where any will do.

    Raises:
        RequestError: 406, none of them can be written; 400, the header can't be read.
    """
    preferred = asked_in if asked_in in WRITTEN else JSON
    for media in _by_preference(accept or "*/*"):
        if media == "*/*":
            return preferred
        if media in WRITTEN:
            return media
        if media.endswith("/*") and (matching := [name for name in WRITTEN if name.startswith(media[:-1])]):
            return preferred if preferred in matching else matching[0]
    raise RequestError(f"answers can't be written as {quoted(accept)}; expected {', '.join(WRITTEN)}", 406)


def _by_preference(accept: str) -> list[str]:
    weighted = []
    for part in accept.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            weighted.append((float(weight), media))
        except ValueError as error:
            raise RequestError(f"accept {quoted(accept)}: quality {quoted(weight)} is no number") from error
    return [media for weight, media in sorted(weighted, key=lambda item: -item[0]) if weight > 0]


def wants_attributions(custom_attributes: str) -> bool:
    """Whether InvokeEndpoint's CustomAttributes, which arrive as a header, ask for each row's attributions.

    Raises:
        RequestError: 400, they hold anything else.
    """
    try:
        return ATTRIBUTIONS[custom_attributes.strip().lower()]
    except KeyError:
        expected = "attributions=true or attributions=false"
        raise RequestError(f"custom attributes {quoted(custom_attributes)}; expected {expected}") from None
