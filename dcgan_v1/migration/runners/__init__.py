"""Programs in processes of their own: TF1 graphs, Keras and PyTorch ports."""
