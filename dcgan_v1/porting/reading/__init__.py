"""From a TF1 graph to the `description` of a program."""
