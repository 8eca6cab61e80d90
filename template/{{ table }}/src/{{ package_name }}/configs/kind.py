"""Keys of `data` in conf/default.yaml that this kind of data has beside the common ones."""

from .section import Section


class Keys(Section):
    """None: a table needs no more."""
