"""What is read off a foreign graph: its updates, layers, roles and races."""
