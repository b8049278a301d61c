"""What can go wrong while publishing, in lines that a person can act on."""


class PublishError(Exception):
    """One line: what, where, and what to do next."""


class SettingsError(PublishError):
    """Which setting of publish.toml, and what would be accepted."""
