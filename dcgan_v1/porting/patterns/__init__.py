"""How layers, activations, losses and batch norms look in a TF1 graph."""
