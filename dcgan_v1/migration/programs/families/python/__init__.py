"""Python's standard library as it was in 3.5 to 3.7."""
