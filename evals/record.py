"""What every record of a run is: it cannot be changed and takes no other field."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A record that goes to JSON and comes back."""

    model_config = ConfigDict(frozen=True, extra="forbid")
