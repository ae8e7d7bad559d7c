"""Everything about programs that nobody here wrote: run as they are, recorded, compared, converted.

Knows nothing of the five systems of this project.

`api.compare` is the way in; `specs` says what a user hands over.
"""
