"""The sides of a comparison, each run in a process of its own. A side speaks its own
names and layouts, and knows nothing of the other."""
