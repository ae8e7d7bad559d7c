"""Why the output of a layer differs."""
