"""The one error that is not a user's mistake (`ValueError`) and not a defect (`assert`)."""


class CheckFailed(Exception):  # noqa: N818 - a result of the command, not a fault in it
    """The command worked, and what it checks does not hold: exit code 1."""
