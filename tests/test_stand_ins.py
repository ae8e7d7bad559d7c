"""Packages that are not installed: what stands in for them does what they did."""

import numpy as np
import pytest

from dcgan_v1.migration.programs.families.packages import imageio_names, opencv, progress_bars

pytestmark = pytest.mark.cli


@pytest.mark.unit
def test_bars_of_packages_that_are_not_installed_count_and_draw_nothing(capsys):
    bars = progress_bars.module("progressbar")
    widgets = ["epoch", bars.Percentage(), bars.Bar(), bars.ETA()]
    bar = bars.ProgressBar(maxval=3, widgets=widgets).start()
    bar.update(2)
    bar.finish()
    assert bar.currval == 2
    assert list(bars.ProgressBar()(range(3))) == [0, 1, 2]
    tqdm = progress_bars.module("tqdm")
    with tqdm.tqdm(["a", "b"], desc="x", total=2) as own:
        assert list(own) == ["a", "b"]
        own.set_postfix(loss=1)
        own.set_description("y")
    assert own.n == own.total == len(own) == 2
    assert list(tqdm.trange(2)) == list(tqdm.auto.tqdm(range(2))) == [0, 1]
    tqdm.tqdm.write("said")
    assert capsys.readouterr().out == "said\n"


@pytest.mark.unit
def test_pictures_without_imageio_are_written_as_imageio_2_did(tmp_path):
    imageio, path = imageio_names.module(), str(tmp_path / "a.png")
    for values, expected in (
        ([0.0, 0.5, 1.0], [0, 127, 255]),
        ([-1.0, 0.0, 1.0], [0, 127, 255]),
        (np.array([3, 5, 7], np.uint8), [3, 5, 7]),
        ([10, 20, 30], [0, 127, 255]),
    ):
        imageio.imwrite(path, np.array([values]))
        assert imageio.imread(path).tolist() == [expected]
    imageio.mimsave(
        str(tmp_path / "a.gif"), [np.zeros((4, 4, 3)), np.ones((4, 4, 3))], duration=0.3
    )
    assert [frame.max() for frame in imageio.mimread(str(tmp_path / "a.gif"))] == [0, 255]


@pytest.mark.unit
def test_pictures_without_opencv_are_resized_as_opencv_does():
    cv2 = opencv.module()
    a = np.arange(16, dtype=np.float64).reshape(4, 4)
    of_areas = [[2.5, 4.5], [10.5, 12.5]]  # the mean of each 2x2
    np.testing.assert_allclose(cv2.resize(a, (2, 2), interpolation=cv2.INTER_AREA), of_areas)
    # cubic weights, a = -0.75, half way between two: -0.09375 and 0.59375
    row = np.array([[0.0, 0.0, 1.0, 1.0]])
    cubic = cv2.resize(row, (2, 1), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_allclose(cubic, [[-0.09375, 1.09375]])
    assert cv2.flip(a, 0)[0, 0] == 12
    assert cv2.flip(a, 1)[0, 0] == 3
    assert cv2.flip(a, -1)[0, 0] == 15
    colours = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert np.array_equal(cv2.merge(cv2.split(colours)), colours)
    assert cv2.waitKey(1) == -1
