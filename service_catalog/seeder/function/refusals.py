"""Why a project's repositories could not be seeded, told to whoever reads the stack's events."""


class RefusedError(Exception):
    """One line: what stands in the way and what would be accepted."""


class OutOfTimeError(BaseException):
    """The function's time is nearly up; no `Exception`, so that nothing on the way takes it for its own failure."""
