"""A stand-in: no picture is read or written."""
