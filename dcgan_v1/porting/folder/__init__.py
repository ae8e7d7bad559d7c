"""What else is in a port's folder: its sides, README, train.py, weights."""
