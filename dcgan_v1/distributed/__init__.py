"""Several workers that train together: who they are, how they start, what they sum."""
