"""Pairs of tiny programs in two heaps: equal though written otherwise, and with planted faults.

`pairs` lists them, `run` compares them."""
