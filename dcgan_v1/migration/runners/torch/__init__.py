"""Runs a port made of torch.nn.Modules."""
