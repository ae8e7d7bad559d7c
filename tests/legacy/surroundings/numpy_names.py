"""Names, methods and arguments of numpy 1.x that numpy 2 has not."""

import io
import os
import tempfile

import numpy as np


def probe_int():
    return np.int is int, np.array([1.7]).astype(np.int)


def probe_float():
    return np.zeros(2, np.float)


def probe_bool():
    return np.bool is bool, np.array([0, 2]).astype(np.bool)


def probe_object():
    return str(np.array([None], np.object).dtype)


def probe_long():
    return np.array([1.5]).astype(np.long)


def probe_unicode():
    return np.unicode is str


def probe_float_():
    return np.float_(2.5)


def probe_complex_():
    return str(np.dtype(np.complex_))


def probe_string_():
    return str(np.array(["ab"]).astype(np.string_).dtype)


def probe_cast():
    return np.cast["float32"]([1, 2]), np.cast[np.int32](2.7)


def probe_inf():
    return str(np.Inf), str(np.NINF), str(np.PINF), str(np.Infinity), str(np.infty)


def probe_nan():
    return str(np.NaN), str(np.NAN)


def probe_product():
    return np.product([2, 3, 4])


def probe_cumproduct():
    return np.cumproduct([2, 3, 4])


def probe_alltrue():
    return np.alltrue([1, 0]), np.sometrue([1, 0])


def probe_asscalar():
    return np.asscalar(np.array([2.5]))


def probe_asfarray():
    return np.asfarray([1, 2])


def probe_in1d():
    return np.in1d([1, 2, 3], [2])


def probe_row_stack():
    return np.row_stack([[1, 2], [3, 4]])


def probe_trapz():
    return np.trapz([1, 2, 3])


def probe_round_():
    return np.round_(2.567, 2)


def probe_rank():
    return np.ndim(np.rank([[1]])) if hasattr(np, "rank") else 0


def probe_msort():
    return np.msort([[3, 1], [2, 4]])


def probe_mat():
    return np.mat("1 2; 3 4").I.round(3).tolist()


def probe_who():
    return callable(np.who), callable(np.source)


def probe_sctypes():
    return [np.dtype(t).name for t in np.sctypes["float"]][:3]


def probe_typeDict():
    return np.typeDict["float32"] is np.float32


def probe_issubclass_():
    return np.issubclass_(np.int32, np.integer), np.issubsctype(np.int32, np.integer)


def probe_obj2sctype():
    return np.obj2sctype("f4") is np.float32


def probe_maximum_sctype():
    return np.maximum_sctype(np.float32).__name__


def probe_find_common_type():
    return np.find_common_type([np.float32], [np.float64]).name


def probe_byte_bounds():
    low, high = np.byte_bounds(np.zeros(3))
    return high - low


def probe_compat():
    return np.compat.asbytes("a") == b"a"


def probe_safe_eval():
    return np.safe_eval("[1, 2]")


def probe_disp():
    return np.disp("words")


def probe_add_newdoc():
    return callable(np.add_newdoc), callable(np.deprecate)


def probe_chararray():
    return np.core.defchararray.add(["a"], ["b"]).tolist()


def probe_core():
    return np.core.numeric.isscalar(1.0), np.core.umath.log(1.0)


def probe_lib_pad():
    return np.lib.pad([1], 1, "constant")


def probe_testing():
    return np.testing.assert_almost_equal(1, 1), callable(np.testing.dec.slow)


def probe_random_integers():
    np.random.seed(3)
    return np.random.random_integers(1, 5, 4)


def probe_random_seed_of_then():
    np.random.seed(7)
    return np.random.randn(2), np.random.rand(), np.random.permutation(4)


def probe_choice_of_ragged():
    np.random.seed(1)
    return list(np.random.permutation([[1], [2, 3], [4, 5, 6]]))[0]


def probe_ragged():
    x = np.array([[1, 2, 3], [4, 5], [6]])
    return str(x.dtype), x.shape, [len(c) for c in x]


def probe_ragged_asarray():
    x = np.asarray([[1, 2, 3], [4]])
    return str(x.dtype), x.shape


def probe_ragged_arrays():
    x = np.array([np.zeros(2), np.zeros(3)])
    return str(x.dtype), x.shape


def probe_ragged_saved():
    name = os.path.join(tempfile.mkdtemp(), "a.npy")
    np.save(name, [[1], [2, 3]])
    return [len(x) for x in np.load(name)]


def probe_fromstring():
    x = np.fromstring(b"\x01\x02", dtype=np.uint8)
    x += 1
    return x


def probe_tostring():
    return len(np.zeros(3, np.float32).tostring())


def probe_scalar_tostring():
    return len(np.float32(1).tostring())


def probe_itemset():
    x = np.zeros(3)
    x.itemset(1, 5)
    return x


def probe_ptp():
    return np.array([1, 5, 2]).ptp(), np.array([[1, 5], [2, 9]]).ptp(axis=0)


def probe_newbyteorder():
    x = np.array([1], np.int16).newbyteorder()
    return x.tolist()


def probe_dtype_newbyteorder():
    dt = np.dtype(np.uint32).newbyteorder(">")
    return np.frombuffer(b"\x00\x00\x08\x03", dtype=dt)[0] == 2051


def probe_histogram_normed():
    return np.histogram([1, 2, 2, 3], bins=3, normed=True)[0]


def probe_histogram2d_normed():
    return np.histogram2d([1, 2, 2], [1, 2, 1], bins=2, normed=True)[0]


def probe_sum_of_generator():
    return np.sum(x for x in [1, 2, 3])


def probe_reshape_newshape():
    return np.reshape(np.arange(4), newshape=(2, 2)).shape


def probe_array_without_copy():
    return np.array([1, 2], copy=False)


def probe_linspace_of_float_count():
    return len(np.linspace(0, 1, 5.0))


def probe_load_of_pickle():
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], object))
    file.seek(0)
    return np.load(file)[0]["a"]


def probe_load_of_dict():
    name = os.path.join(tempfile.mkdtemp(), "vgg.npy")
    np.save(name, {"w": 2})
    return np.load(name, encoding="latin1").item()["w"]


def probe_unravel_index():
    return [int(i) for i in np.unravel_index(5, dims=(2, 3))]


def probe_array_of_float_shape():
    try:
        return np.zeros((2.0, 3)).shape
    except TypeError:
        return "TypeError"


def probe_nonzero_of_scalar():
    return [x.tolist() for x in np.nonzero(np.float32(3))]


def probe_delete_out_of_range():
    return np.setxor1d([1, 2], [2, 3]), np.cross([1, 0], [0, 1])


def probe_matrix_text():
    return str(np.array([1.0, 2.5])), repr(np.array([1.0, 2.5], np.float32))


def probe_scalar_repr():
    return repr(np.float32(1.5)), repr([np.float64(2.5)]), str({"a": np.int64(3)})


def probe_scalar_in_text():
    return "%s" % [np.float32(0.1)], "{}".format((np.float32(0.25), np.bool_(True)))


def probe_array_equality_of_shapes():
    try:
        return bool(np.array_equal([1, 2], [1, 2, 3])), (np.array([1, 2]) == np.array([1, 2, 3]))
    except ValueError:
        return "ValueError"


def probe_truth_of_empty():
    return bool(np.array([]))


def probe_version_as_number():
    return float(".".join(np.__version__.split(".")[:2])) < 2


def probe_set_string_function():
    return callable(np.set_string_function), callable(np.lookfor)


def probe_recfromcsv():
    return callable(np.recfromcsv), callable(np.recfromtxt), callable(np.mafromtxt)


def probe_fastcopy():
    return callable(np.fastCopyAndTranspose), np.tracemalloc_domain


def probe_format_parser():
    return np.format_parser(["f4"], ["a"], []).dtype.names, callable(np.geterrobj)


def probe_int0():
    return np.dtype(np.int0).name, np.dtype(np.bool8).name, np.dtype(np.object0).name


def probe_singlecomplex():
    return np.dtype(np.singlecomplex).name, np.dtype(np.cfloat).name, np.dtype(np.longfloat).kind


def probe_stacks_of_generators():
    rows = ([1, 2], [3, 4])
    return np.vstack(map(np.array, rows)), np.hstack(np.array(row) for row in rows)


def probe_inner_products():
    from numpy.core.umath_tests import inner1d

    return inner1d(np.eye(2), np.array([[3.0, 4.0], [5.0, 6.0]])), np.alen([1, 2])


def probe_way_back_is_flat():
    return np.unique(np.array([[1, 2], [2, 1]]), return_inverse=True)[1]


def probe_solve_of_a_stack_of_vectors():
    matrices = np.eye(2)[None] * np.array([1.0, 2.0, 4.0])[:, None, None]
    return np.linalg.solve(matrices, np.ones((3, 2)))


def probe_inner_modules():
    from numpy.core.fromnumeric import product
    from numpy.core.multiarray import ndarray
    from numpy.lib.arraysetops import unique
    from numpy.lib.function_base import flip
    from numpy.lib.index_tricks import ndindex
    from numpy.lib.shape_base import tile
    from numpy.linalg.linalg import norm

    del ndarray
    return (
        int(product([2, 3])),
        unique([3, 1, 1]),
        flip(np.arange(3), 0),
        list(ndindex(1, 2)),
        (tile([1], 2), float(norm([3.0, 4.0]))),
    )


def probe_texts_of_genfromtxt():
    lines = io.BytesIO(b"a,1\nb,2")
    return [str(x) for x in np.genfromtxt(lines, dtype=None, delimiter=",").tolist()[0]]


def probe_ragged_in_depth():
    x = np.array([[np.zeros(2), 1], [np.zeros(2), 2]])
    return str(x.dtype), x.shape


def probe_linspace_of_float32():
    return np.linspace(np.float32(0), np.float32(1), 3)


def probe_list_of_slices_as_index():
    a, index = np.arange(12).reshape(3, 4), [slice(0, 2), 1]
    return a[index]


def probe_list_of_slices_as_place():
    a = np.zeros((3, 3))
    a[[slice(None), 0]] = 1
    a[[slice(None), 1]] += 2
    return a


def probe_lists_of_indices_as_index():
    a, pairs = np.arange(27).reshape(3, 3, 3), [[0, 1], [1, 2]]
    return a[pairs], a[[np.array([0]), np.array([1])]], a[[0, 1]].shape, a[list(range(2))].shape


def probe_list_of_indices_of_others():
    return {"a": 1}["a"], [3, 4][int("1")], "text"[len("a")]


def probe_can_cast_of_numbers():
    return np.can_cast(300, np.uint8), np.can_cast(3, np.uint8), np.can_cast("i4", "f4")


def probe_array_equality_of_lists():
    return bool(np.array([1, 2]) == [1, 2, 3]), bool(np.array([1, 2]) != (1, 2, 3))


def probe_stride_tricks():
    from numpy.core.numeric import NaN, alltrue, asarray
    from numpy.lib.stride_tricks import as_strided, broadcast_arrays, broadcast_to

    shapes = [a.shape for a in broadcast_arrays(np.ones(2), np.ones((3, 1)))]
    strided = as_strided(np.arange(4), (2, 2), (8, 16)).tolist()
    return shapes, broadcast_to(5, (2,)), strided, alltrue(asarray([1])), np.isnan(NaN)


def probe_issubdtype_of_pythons_types():
    kinds = (np.float32, float), (np.int32, int), (np.float32, int), (np.float64, "float32")
    kinds += (np.int8, np.integer), (np.float64, np.float32), (np.float32, np.dtype("float64"))
    return [np.issubdtype(*pair) for pair in kinds], np.issubdtype(np.zeros(1).dtype, np.float)
