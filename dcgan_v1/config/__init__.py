"""A run's settings: how one is declared, the classes of them, their file config.json."""

from dcgan_v1.config.configs import COUNTED_TWICE, Config, EpochConfig, StartSettings
from dcgan_v1.config.data_settings import (
    Crop,
    DigitSettings,
    ImageSettings,
    ValidationSettings,
    parse_crop,
    parse_value_range,
)

__all__ = [
    "COUNTED_TWICE",
    "Config",
    "Crop",
    "DigitSettings",
    "EpochConfig",
    "ImageSettings",
    "StartSettings",
    "ValidationSettings",
    "parse_crop",
    "parse_value_range",
]
