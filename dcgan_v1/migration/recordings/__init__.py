"""Recordings of TF1 programs: written where the program runs, read and replayed here."""
