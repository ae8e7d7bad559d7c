"""Why two programs differ: causes worked out from numbers that both gave."""
