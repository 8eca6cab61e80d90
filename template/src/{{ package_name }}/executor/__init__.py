"""The commands: each module here with a `run` is one."""
