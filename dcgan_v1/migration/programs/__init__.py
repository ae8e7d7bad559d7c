"""Runs TF1 programs as they are; what vanished is supplied, one file for each family.

`running` runs a program; `program` gives its files their own imports; `families` has what they
import. What a program computes is written down by `recordings.tf1_recorder`, which also runs,
alone, on TensorFlow 1.4 to 1.15.
"""
