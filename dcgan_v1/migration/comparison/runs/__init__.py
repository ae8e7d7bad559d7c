"""Runs of both programs, and what they gave."""
