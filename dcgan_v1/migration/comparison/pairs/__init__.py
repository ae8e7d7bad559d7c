"""Which variable, layer and loss of the port is which of TF1's."""
