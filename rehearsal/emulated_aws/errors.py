"""The two ways the emulator says no."""

from __future__ import annotations


class ServiceError(Exception):
    """An answer AWS itself would give: an error code of the service's API and its message."""

    def __init__(self, code: str, message: str, status: int = 400, **members: object) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.members = code, message, status, members


class NotEmulatedError(ServiceError):
    """AWS can do this, the emulator cannot: HTTP 501, so that nothing mistakes it for success."""

    def __init__(self, what: str) -> None:
        super().__init__("NotEmulated", f"{what} is not emulated", 501)


class HookError(Exception):
    """MiniStack or moto no longer offers a private name this package uses."""
