"""A leaky ReLU that is written with two tensors.

`maximum(x, slope * x)`, `where(x > 0, x, slope * x)`."""

import numpy as np

AT_ZERO = "derivative at 0"
OF_PRODUCT = 1e-6  # relative, of a product that may have been taken in float32


def leaky_relu_of(first, second, y):
    """Returns (0 or 1: which of both is x, the slope); None where they make no leaky ReLU.

    Args:
      first, second: the two arrays, in the order in which they are given.
      y: what is made of them.
    """
    for place, (x, product) in enumerate(((first, second), (second, first))):
        if not x.shape == product.shape == y.shape:
            return None
        above, below = x > 0, x < 0
        if not above.any() or not below.any() or not np.array_equal(y[above], x[above]):
            continue
        slope = float(np.median(product[below] / x[below]))
        is_product = np.allclose(product, slope * x, rtol=OF_PRODUCT, atol=0)
        if is_product and np.array_equal(y[below], product[below]):
            return place, float("%.6g" % slope)
    return None


def derivative_at_zero(settings):
    """Returns an activation's derivative at exactly 0, as far as its settings tell; or None.

    Args:
      settings: of a layer of either side.
    """
    setting = settings.get(AT_ZERO)
    if isinstance(setting, float):
        return setting
    name = str(settings.get("op", settings.get("class", ""))).lower().replace("_", "")
    slope = settings.get("slope")
    if name == "leakyrelu" and isinstance(slope, float):
        return slope
    return 0.0 if name in ("relu", "relu6") else None
