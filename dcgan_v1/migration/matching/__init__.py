"""Which variable of a port is which of a TF1 program. Pure numpy."""
