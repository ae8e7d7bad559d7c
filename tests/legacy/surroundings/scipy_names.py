"""scipy 1.1: modules and functions that moved or went."""

import os
import tempfile

import numpy as np
import scipy
import scipy.io
import scipy.misc
import scipy.ndimage
import scipy.ndimage.interpolation
import scipy.signal
import scipy.stats
from scipy.stats import norm


def probe_io():
    name = os.path.join(tempfile.mkdtemp(), "a.mat")
    scipy.io.savemat(name, {"x": np.eye(3)})
    return scipy.io.loadmat(name)["x"].sum()


def probe_norm():
    return norm.cdf(0.0), norm.ppf(np.linspace(0.05, 0.95, 3))


def probe_interpolation():
    return scipy.ndimage.interpolation.rotate(np.eye(4), 90).sum()


def probe_interpolation_zoom():
    return scipy.ndimage.interpolation.zoom(np.eye(2), 2, order=1)


def probe_interpolation_shift():
    return np.round(scipy.ndimage.interpolation.shift(np.eye(3), (1, 0)), 6)


def probe_map_coordinates():
    from scipy.ndimage.interpolation import map_coordinates

    return map_coordinates(np.eye(3), [[0, 1], [0, 1]], order=1)


def probe_filters():
    from scipy.ndimage.filters import convolve, gaussian_filter

    return gaussian_filter(np.eye(3), 1).sum(), convolve(np.eye(3), np.ones((3, 3))).sum()


def probe_measurements():
    from scipy.ndimage.measurements import center_of_mass, label

    return label(np.eye(3))[1], center_of_mass(np.eye(3))


def probe_morphology():
    from scipy.ndimage.morphology import binary_dilation, distance_transform_edt

    return binary_dilation(np.eye(3)).sum(), distance_transform_edt(np.eye(3)).sum()


def probe_ndimage_imread():
    from PIL import Image

    name = os.path.join(tempfile.mkdtemp(), "a.png")
    Image.new("L", (3, 2)).save(name)
    return scipy.ndimage.imread(name).shape, scipy.misc.imread(name).shape


def probe_signal_gaussian():
    return scipy.signal.gaussian(3, 1.0)


def probe_signal_windows():
    return scipy.signal.hann(4), scipy.signal.hamming(4), scipy.signal.get_window("hann", 4)


def probe_signal_convolve():
    return scipy.signal.convolve2d(np.eye(2), np.ones((2, 2)), mode="same")


def probe_signal_fftconvolve():
    return scipy.signal.fftconvolve([1.0, 2.0], [1.0, 1.0])


def probe_signal_resample():
    return scipy.signal.resample([1.0, 2.0, 3.0, 4.0], 2)


def probe_signal_splines():
    return scipy.signal.bspline(np.array([0.0]), 3)


def probe_integrate():
    from scipy import integrate

    return integrate.simps([1, 2, 3]), integrate.trapz([1, 2, 3]), integrate.cumtrapz([1, 2, 3])


def probe_interp2d():
    from scipy.interpolate import interp2d

    return interp2d([0, 1], [0, 1], [[0.0, 1.0], [1.0, 2.0]])(0.5, 0.5)


def probe_interp1d():
    from scipy.interpolate import interp1d

    return interp1d([0, 1], [0, 2])(0.5)


def probe_spline():
    from scipy.interpolate import spline

    return spline([0.0, 1, 2, 3], [0.0, 1, 4, 9], [1.5])


def probe_misc_logsumexp():
    return scipy.misc.logsumexp([0.0, 0.0])


def probe_special_logsumexp():
    from scipy.special import expit, logsumexp

    return logsumexp([0.0, 0.0]), expit(0.0)


def probe_misc_face():
    return scipy.misc.face().shape, scipy.misc.ascent().shape


def probe_misc_derivative():
    return scipy.misc.derivative(lambda x: x**3, 1.0, dx=1e-3)


def probe_misc_comb():
    return scipy.misc.comb(5, 2), scipy.misc.factorial(4)


def probe_top_level():
    return scipy.array([1, 2]), scipy.zeros(2), scipy.pi, scipy.mean([1, 2])


def probe_top_level_random():
    return scipy.randn(2).shape, scipy.linspace(0, 1, 3)


def probe_stats_binom_test():
    return scipy.stats.binom_test(3, 10)


def probe_stats_itemfreq():
    return scipy.stats.itemfreq([1, 2, 2])


def probe_stats_entropy():
    return scipy.stats.entropy([0.5, 0.5]), scipy.stats.mode([1, 2, 2])[0]


def probe_stats_truncnorm():
    return scipy.stats.truncnorm(-2, 2).cdf(0.0)


def probe_stats_median_deviation():
    return scipy.stats.describe([1, 2, 3]).mean, scipy.stats.pearsonr([1, 2, 3], [1, 2, 4])[0]


def probe_linalg():
    from scipy import linalg

    return linalg.pinv2(np.eye(2)), linalg.sqrtm(np.eye(2) * 4), linalg.tri(2)


def probe_linalg_misc():
    from scipy.linalg.misc import norm as of

    return of(np.eye(2))


def probe_sparse():
    import scipy.sparse as sp

    m = sp.csr_matrix(np.eye(2))
    return m.A, m.todense().tolist(), m.getnnz()


def probe_fftpack():
    from scipy.fftpack import dct, fft

    return abs(fft([1.0, 2.0])), dct([1.0, 2.0])


def probe_optimize():
    from scipy.optimize import fmin_l_bfgs_b

    return round(
        float(fmin_l_bfgs_b(lambda x: ((x - 1) ** 2).sum(), np.zeros(1), approx_grad=True)[0][0]), 3
    )


def probe_spatial():
    from scipy.spatial import distance

    return distance.cdist([[0.0, 0.0]], [[3.0, 4.0]])


def probe_wavfile():
    from scipy.io import wavfile

    name = os.path.join(tempfile.mkdtemp(), "a.wav")
    wavfile.write(name, 8000, np.zeros(10, np.int16))
    return wavfile.read(name)[1].shape


def probe_version():
    return scipy.__version__ < "1.2"


def probe_imread_of_16_bits():
    from PIL import Image

    name = os.path.join(tempfile.mkdtemp(), "a.png")
    Image.fromarray(np.full((2, 2), 300, np.uint16)).save(name)
    return scipy.misc.imread(name)


def probe_signal_hanning():
    from scipy.signal import hanning

    return hanning(4)


def probe_spatial_names():
    from scipy.spatial import cKDTree
    from scipy.spatial.distance import matching, wminkowski

    nearest = float(cKDTree(np.eye(2)).query([0.0, 1.0], n_jobs=1)[0])
    return float(wminkowski([0, 0], [1, 1], 2, [1, 1])), float(matching([0, 1], [1, 1])), nearest


def probe_integrate_quadrature():
    from scipy.integrate import quadrature, romberg

    return float(quadrature(lambda x: x, 0, 1)[0]), float(romberg(lambda x: x, 0.0, 1.0))


def probe_misc_imfilter():
    import scipy.misc

    return scipy.misc.imfilter((np.arange(48).reshape(4, 4, 3) * 5).astype(np.uint8), "blur")


def probe_stats_gilbrat():
    from scipy import stats

    return stats.gilbrat.cdf(2.0), stats.trapz(0.2, 0.8).cdf(0.5)
