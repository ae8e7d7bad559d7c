"""Trained networks in the formats of others: a file for each format, each with what it
writes, how that is loaded in five lines, and how far it may be from the session."""
