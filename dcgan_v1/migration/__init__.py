"""Everything about programs that nobody here wrote: TF1 programs run as they are, recorded,
compared with their ports and converted. Knows nothing of the five systems of this project.

`api.compare` is the way in; `specs` says what a user hands over.
"""
