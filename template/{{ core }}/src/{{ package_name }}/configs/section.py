"""What every part of the configuration is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: fixed once read, and without keys that nothing reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
