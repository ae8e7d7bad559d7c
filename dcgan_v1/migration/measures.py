"""What is measured beside a comparison: a step's time, how far a replay is from a recording."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Speed:
    """Seconds of a step, and the peak memory of its process in bytes."""

    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class ReplayRow:
    """How far a replay is from a recording in one kind of array."""

    what: str
    arrays: int
    worst: str
    absolute: float
    relative: float
