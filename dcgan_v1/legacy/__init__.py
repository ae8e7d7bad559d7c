"""Runs TF1 programs as they are; what vanished is supplied, one file for each family.

`running` runs a program; `program` gives its files their own imports; `recorder` writes
down what a program computes and also runs, alone, on TensorFlow 1.4 to 1.15.
"""
