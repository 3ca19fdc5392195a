"""Refusal: a rule said no. The caller is told; nobody is woken; nothing is retried."""

from collections.abc import Mapping


class Refused(Exception):
    """A rule said no.

    `code` is what programs read (``ITEM_OVERPAID``), `message` what people read,
    `details` the place: names and numbers that help to find it, never personal data.
    """

    code = "REFUSED"

    def __init__(self, message: str, **details: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, str | int] = details


class NotFound(Refused):
    """What the request names does not exist for this business unit."""

    code = "NOT_FOUND"


class Conflict(Refused):
    """The same key came before with other content."""

    code = "CONFLICT"


class Forbidden(Refused):
    """The caller's token does not allow this."""

    code = "FORBIDDEN"


class Unreadable(Refused):
    """A file cannot be read with certainty; `details` may carry `line`, `place`, `file`.

    Codes are the ones of the command line's contract: UNKNOWN_FORMAT, TRUNCATED, ENCODING,
    NOT_A_NUMBER, UNSAFE_XML, TOO_LARGE, EMPTY; and of imports: UNKNOWN_CURRENCY,
    TOO_MANY_DECIMALS, UNKNOWN_UNIT, BALANCE_CHECK, INVALID.
    """

    code = "INVALID"

    def __init__(self, code: str, message: str, **details: str | int) -> None:
        super().__init__(message, **details)
        self.code = code
