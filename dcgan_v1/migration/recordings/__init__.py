"""Recordings of TF1 programs and of ports' training programs: written, read, compared."""
