"""A TF1 graph as plain data, in one mode, and forms that pieces of it are matched with."""
