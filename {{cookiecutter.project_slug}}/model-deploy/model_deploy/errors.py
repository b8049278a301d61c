"""What can go wrong, in lines that a person can act on."""


class DeployError(Exception):
    """One line: what, where, and what to do; `exit_code` is 1, something failed, or 2, it was asked for wrongly."""

    exit_code = 1


class UsageError(DeployError):
    """What was given and what would be accepted."""

    exit_code = 2


class SettingsError(UsageError):
    """Which setting of deploy.toml, and what would be accepted."""


class BindingsError(UsageError):
    """Which binding, what is wrong with it and how to give it."""


class AwsError(DeployError):
    """What AWS refused, in one line."""


class NotApprovedError(DeployError):
    """A model package that may not be deployed, and why."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, as CI sends it when a job is cancelled: what is under way is given up as for Ctrl-C."""


class Interrupted(DeployError):
    """Ctrl-C: what goes on in AWS all the same, and how to follow it."""

    exit_code = 130
