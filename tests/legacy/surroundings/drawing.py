"""matplotlib 2 to 3.0, seaborn 0.9 and Pillow 5."""

import os
import tempfile

import matplotlib

matplotlib.use("Agg", warn=False)
import matplotlib.cm as cm
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from PIL import Image, ImageDraw, ImageFont


def figure():
    plt.close("all")
    return plt.figure(figsize=(1, 1), dpi=20)


def probe_get_cmap():
    return plt.cm.get_cmap("jet", 10)(3), cm.get_cmap("gray")(0.5)


def probe_pyplot_get_cmap():
    return plt.get_cmap("viridis")(0.0)


def probe_register_cmap():
    from matplotlib.colors import ListedColormap

    cm.register_cmap("probe", ListedColormap(["red", "blue"]))
    return cm.get_cmap("probe")(0)


def probe_cmap_d():
    return "jet" in plt.cm.cmap_d, "viridis" in plt.colormaps()


def probe_tostring_rgb():
    drawn = figure()
    drawn.canvas.draw()
    pixels = np.fromstring(drawn.canvas.tostring_rgb(), dtype=np.uint8, sep="")
    return pixels.size, int(pixels[0]), drawn.canvas.get_width_height()


def probe_tostring_argb():
    drawn = figure()
    drawn.canvas.draw()
    return len(drawn.canvas.tostring_argb())


def probe_renderer():
    drawn = figure()
    drawn.canvas.draw()
    return np.array(drawn.canvas.renderer._renderer).shape


def probe_gca_projection():
    from mpl_toolkits.mplot3d import Axes3D

    return figure().gca(projection="3d").name, plt.gca(projection="3d").name


def probe_gca_polar():
    return figure().gca(polar=True).name


def probe_hold():
    figure()
    return plt.hold(True) if hasattr(plt, "hold") else None


def probe_hist_normed():
    figure()
    heights = plt.hist([1, 2, 2, 3], bins=2, normed=True)[0]
    return np.asarray(heights)


def probe_axes_hist_normed():
    return np.asarray(figure().gca().hist([1, 2, 2, 3], bins=2, normed=1)[0])


def probe_set_axis_bgcolor():
    axes = figure().gca()
    axes.set_facecolor("red")
    return axes.get_facecolor()


def probe_style_seaborn():
    names = ("seaborn", "seaborn-whitegrid", "seaborn-darkgrid", "seaborn-paper", "seaborn-talk")
    for name in names:
        plt.style.use(name)
    with plt.style.context("seaborn-white"):
        pass
    plt.style.use("default")
    return [name in plt.style.available for name in names]


def probe_style_values():
    plt.style.use("seaborn-whitegrid")
    grid = plt.rcParams["axes.grid"]
    plt.style.use("default")
    return grid


def probe_window_title():
    drawn = figure()
    return drawn.canvas.set_window_title("words")


def probe_mlab():
    import matplotlib.mlab as mlab

    return callable(mlab.psd), callable(mlab.specgram)


def probe_normpdf():
    import matplotlib.mlab as mlab

    return mlab.normpdf(np.array([0.0]), 0, 1)


def probe_bivariate_normal():
    import matplotlib.mlab as mlab

    return mlab.bivariate_normal(np.zeros(1), np.zeros(1), 1.0, 1.0, 0.0, 0.0)


def probe_cbook():
    from matplotlib import cbook

    return cbook.iterable([1]), cbook.is_numlike(1) if hasattr(cbook, "is_numlike") else True


def probe_rc_names():
    plt.rcParams["savefig.frameon"] = True
    plt.rc("text", usetex=False)
    return plt.rcParams["image.interpolation"] in ("nearest", "antialiased", "auto")


def probe_rc_of_then():
    plt.rcParams["text.latex.unicode"] = False
    matplotlib.rcParams["image.cmap"] = "gray"
    return plt.rcParams["image.cmap"]


def probe_axes_twice():
    figure()
    plt.subplot(111)
    return plt.axes([0, 0, 1, 1]) is not None


def probe_savefig_frameon():
    figure()
    path = os.path.join(tempfile.mkdtemp(), "a.png")
    plt.savefig(path, frameon=False, bbox_inches="tight")
    return os.path.getsize(path) > 0


def probe_imshow_of_floats():
    figure()
    plt.imshow(np.zeros((4, 4, 1)).squeeze(), cmap="Greys_r", interpolation="none", aspect="equal")
    return plt.gci().get_cmap().name


def probe_imsave():
    path = os.path.join(tempfile.mkdtemp(), "a.png")
    plt.imsave(path, np.eye(3), cmap="gray")
    return plt.imread(path).shape


def probe_scatter_of_rows():
    figure()
    return len(plt.scatter([1, 2], [3, 4], c=["r", "b"], marker="x").get_offsets())


def probe_gridspec_axis():
    import matplotlib.gridspec as gridspec

    grid = gridspec.GridSpec(2, 2)
    grid.update(wspace=0.05, hspace=0.05)
    axes = plt.subplot(grid[0])
    axes.set_xticklabels([])
    axes.set_aspect("equal")
    return axes.get_aspect() in ("equal", 1.0)


def probe_contour_collections():
    figure()
    return len(plt.contourf(np.eye(4), 3).collections) > 0


def probe_pyplot_axis_string():
    figure()
    plt.axis("off")
    plt.tick_params(labelbottom="off")
    return plt.xlim(0, 1)


def probe_legend_linspec():
    figure()
    plt.plot([1, 2], label="a")
    return plt.legend(loc=0).get_texts()[0].get_text()


def probe_spines():
    axes = figure().gca()
    axes.spines["top"].set_visible(False)
    return list(axes.spines.keys())[:2]


def probe_w_xaxis():
    from mpl_toolkits.mplot3d import Axes3D

    axes = Axes3D(figure())
    return axes.w_xaxis is axes.xaxis, axes.dist > 0


def probe_dates():
    import matplotlib.dates

    return matplotlib.dates.date2num is not None, matplotlib.__version__ < "3.2"


def probe_animation():
    import matplotlib.animation as animation

    return "html" in animation.writers.list() or True


def probe_pyplot_plot_date():
    figure()
    return len(plt.plot_date([1, 2], [3, 4]))


def probe_seaborn_set():
    sns.set()
    sns.set(style="whitegrid", font_scale=1.2)
    sns.set_style("white")
    sns.set_context("paper")
    return sns.reset_orig()


def probe_seaborn_palette():
    return len(sns.color_palette("hls", 8)), sns.despine()


def probe_seaborn_distplot():
    figure()
    return sns.distplot([1.0, 2.0, 2.5], kde=False) is not None


def probe_seaborn_kdeplot():
    figure()
    return sns.kdeplot(np.array([1.0, 2.0, 3.0, 2.5]), shade=True) is not None


def probe_seaborn_heatmap():
    figure()
    return sns.heatmap(np.eye(2)) is not None


def probe_antialias():
    return Image.new("L", (4, 4)).resize((2, 2), Image.ANTIALIAS).size


def probe_textsize():
    draw = ImageDraw.Draw(Image.new("RGB", (40, 20)))
    width, height = draw.textsize("ab", font=ImageFont.load_default())
    return width > 5, 5 < height < 20


def probe_getsize():
    width, height = ImageFont.load_default().getsize("ab")
    return width > 5, 5 < height < 20


def probe_multiline_textsize():
    draw = ImageDraw.Draw(Image.new("RGB", (40, 20)))
    return draw.multiline_textsize("a\nb", font=ImageFont.load_default())[1] > 10


def probe_pillow_versions():
    import PIL

    return (
        PIL.PILLOW_VERSION[0].isdigit(),
        PIL.VERSION[0].isdigit(),
        Image.PILLOW_VERSION[0].isdigit(),
    )


def probe_fromarray_mode():
    return Image.fromarray(np.zeros((2, 2), np.uint8), mode="L").size, Image.fromarray(
        np.zeros((2, 2, 3), np.uint8), "RGB"
    ).mode


def probe_linear():
    return Image.LINEAR == Image.BILINEAR, Image.CUBIC == Image.BICUBIC, Image.NEAREST


def probe_transforms():
    return Image.FLIP_LEFT_RIGHT, Image.AFFINE, Image.ROTATE_90, Image.ADAPTIVE


def probe_getexif():
    return len(Image.new("RGB", (1, 1)).info)


def probe_frombytes():
    image = Image.new("L", (2, 1))
    image.frombytes(b"\x01\x02")
    return np.array(image), image.tobytes() == b"\x01\x02"


def probe_is_image():
    return Image.isImageType(Image.new("L", (1, 1))), callable(Image.isStringType) if hasattr(
        Image, "isStringType"
    ) else True


def probe_image_math():
    from PIL import ImageMath

    return ImageMath.eval("a + 1", a=Image.new("L", (1, 1))).getpixel((0, 0))


def probe_offset():
    from PIL import ImageChops

    return ImageChops.offset(Image.new("L", (2, 2)), 1).size


def probe_lists_of_artists():
    axes = figure().gca()
    for _ in range(3):
        axes.plot([1, 2])
    axes.lines.pop(0)
    del axes.lines[0]
    before = len(axes.lines)
    axes.lines = []
    return before, len(axes.lines)


def probe_axes_grid():
    from mpl_toolkits.axes_grid import ImageGrid
    from mpl_toolkits.axes_grid1 import ImageGrid as Newer

    shape = {"nrows_ncols": (2, 2), "axes_pad": 0.1}
    return len(ImageGrid(figure(), 111, **shape)), len(Newer(figure(), 111, add_all=True, **shape))


def probe_arguments_of_then():
    axes = figure().gca()
    text = axes.annotate(s="a", xy=(0, 0)).get_text()
    axes.plot([1], label="b")
    handles = len(axes.legend().legendHandles)
    axes.get_shared_x_axes().join(axes, figure().gca())
    return text, handles


def probe_edges_of_a_grid():
    axes = figure().add_subplot(2, 1, 1)
    return bool(axes.is_first_row()), bool(axes.is_last_row()), bool(axes.is_last_col())


def probe_resize_by_default():
    squares = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    return np.asarray(squares.resize((3, 3)))
