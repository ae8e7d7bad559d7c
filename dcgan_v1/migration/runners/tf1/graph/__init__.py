"""A foreign graph is opened, and brought to a form that runs here in float64."""
