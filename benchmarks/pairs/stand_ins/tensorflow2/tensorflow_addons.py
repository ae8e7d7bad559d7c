"""A stand-in: ports of the table import it for layers that they do not use."""
