"""The original scripts' graphs and loops as they stand, on today's TensorFlow.

Tests compare with them, `benchmarks/` times them."""
