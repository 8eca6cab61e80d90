"""The one error that is not a user's mistake (`ValueError`) and not ours (`assert`)."""


class DoesNotHold(Exception):  # noqa: N818 - an answer, not a fault
    """Everything worked, and the answer is no: a floor is missed, a metric cannot be."""
