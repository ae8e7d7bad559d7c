"""Training: the graph of a step, the loop around it, and the run directory it fills."""
