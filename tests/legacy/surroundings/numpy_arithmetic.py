"""Numbers of numpy 1.x: one-element arrays as numbers, scalars beside Python's numbers."""

import math

import numpy as np

ONE = np.array([1.5], np.float32)


def probe_one_element_as_float():
    return float(ONE), int(ONE), float(np.array([[2.5]]))


def probe_one_element_in_text():
    return "%.3f %d" % (ONE, ONE)


def probe_one_element_in_math():
    return math.sqrt(ONE), math.exp(np.array([[0.0]]))


def probe_one_element_into_an_array():
    x = np.zeros(3)
    x[1] = ONE
    return x


def probe_float32_with_float():
    return np.float32(0.1) * 3.0, 3.0 * np.float32(0.1)


def probe_float32_with_int():
    return np.float32(0.1) * 3, np.float32(2) ** 2, 2 ** np.float32(2), 1 - np.float32(0.1)


def probe_float32_with_float32():
    return np.float32(0.1) * np.float32(3)


def probe_float32_accumulated():
    total = 0
    for loss in np.array([0.1, 0.2, 0.3], np.float32):
        total += loss
    return total, total / 3


def probe_float32_mean():
    return np.mean(np.array([0.1, 0.2], np.float32)) * 0.5


def probe_float32_array_with_float64():
    return np.ones(2, np.float32) * np.float64(0.1)


def probe_float32_array_with_0d():
    return np.ones(2, np.float32) + np.array(0.1)


def probe_float32_array_with_float():
    return np.ones(2, np.float32) * 0.1, np.ones(2, np.float32) / 255.0


def probe_int_array_with_float():
    return np.arange(2) * 0.5, np.arange(2, dtype=np.uint8) / 255


def probe_int_array_with_float32():
    return np.arange(3, dtype=np.uint8) * np.float32(0.5), np.arange(3) * np.float32(0.5)


def probe_uint8_scalar():
    return np.uint8(200) + 100, np.uint8(200) * 2, np.uint8(5) - 10


def probe_uint8_scalars():
    with np.errstate(all="ignore"):
        return np.uint8(200) + np.uint8(100)


def probe_uint8_array():
    x = np.array([100, 200], np.uint8)
    return x * -1, x + 300, x - 128, x * 2, x + 100


def probe_uint8_array_with_int64():
    return np.array([100, 200], np.uint8) + np.int64(100)


def probe_uint8_array_in_place():
    x = np.array([100, 200], np.uint8)
    x += 100
    x //= 2
    return x


def probe_int8_array():
    x = np.array([100, -100], np.int8)
    return x + 200, x + 100


def probe_int32_scalar():
    return np.int32(7) / 2, np.int32(7) * 2.5, np.int32(7) // 2, np.int32(7) * 2


def probe_int64_scalar():
    return np.int64(7) * 0.5, np.int64(7) % 4, np.bool_(True) + 1


def probe_large_float():
    return np.ones(2, np.float32) * 1e300


def probe_learning_rate():
    rate = np.float32(0.001)
    rate *= 0.95
    return rate


def probe_in_attribute():
    class Box(object):
        total = np.float32(0)

    box = Box()
    box.total += 0.1
    box.total -= 0.05
    return box.total


def probe_in_a_dict():
    d = {"a": np.float32(1)}
    d["a"] /= 3
    return d["a"]


def probe_negative_power():
    return np.float32(10) ** -2, np.arange(1, 4) ** 2.0


def probe_ufuncs():
    return np.multiply(np.float32(0.1), 3.0), np.add(np.ones(2, np.float32), np.float64(0.1))


def probe_maximum():
    return np.maximum(np.ones(2, np.float32), np.float64(2)), np.add.reduce([1, 2])


def probe_comparison():
    return bool(np.float32(0.1) == 0.1), bool(np.float32(0.5) == 0.5)


def probe_modulo_of_texts():
    return "%s-%s" % ("a", 1), "a" * 3, "a" + "b"


def probe_lists_of_scalars():
    return [1] * np.int64(2), (np.float32(1),) + (2,)


def probe_int_stored_in_uint8():
    x = np.zeros(3, np.uint8)
    x[0] = 256 + 7
    x[1] = -3
    x[2:] = [300]
    return x


def probe_ints_made_uint8():
    return (
        np.uint8(300),
        np.uint8(-1),
        np.array([300, -1], dtype=np.uint8),
        np.full(2, 300, np.uint8),
    )


def probe_numbers_against_a_text():
    mode = "auto"
    return bool(np.arange(3) == mode), bool(np.arange(3) != mode)


def probe_sum_of_python():
    return sum([np.float32(0.1)] * 3), sum([np.float32(0.1)] * 3, 0.0), sum([1, 2]), sum([[1]], [])


def probe_where_of_scalars():
    return np.where([True, False], np.float32(1), 0.5)


def probe_clip_beyond_the_type():
    return int(np.clip(np.array([0, 200], np.uint8), -5, 300).sum())
