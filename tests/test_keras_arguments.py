"""Arguments of Keras 1: the package keras took them, tf.keras did not."""

import types

import pytest

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def tf():
    from dcgan_v1.migration.programs import modules, running

    running.prepare()
    return modules.supply()


@pytest.fixture
def keras(tf):
    return tf["keras"].layers


def kernel(layer):
    return layer.kernel_size, layer.strides


def test_the_third_argument_is_a_side_in_keras_and_the_strides_in_tf_keras(tf, keras):
    new = tf["tensorflow"].keras.layers
    for name in ("Conv2D", "Conv2DTranspose"):
        assert kernel(getattr(new, name)(64, 4, 2, padding="same")) == ((4, 4), (2, 2))
        assert kernel(getattr(keras, name)(64, 4, 2)) == ((4, 2), (1, 1))
        with pytest.raises(ValueError, match="padding beside a kernel"):
            getattr(keras, name)(64, 4, 2, padding="same")
        old = getattr(keras, name)(64, 4, 2, border_mode="same", subsample=(2, 2))
        assert kernel(old) == ((4, 2), (2, 2)) and old.padding == "same"
    with pytest.raises(TypeError):
        new.Dense(output_dim=3)
    made = new.Conv2D(1, 2)
    assert isinstance(made, keras.Convolution2D) and isinstance(keras.Conv2D(1, 2), new.Conv2D)
    assert not isinstance(made, type("Own", (keras.Conv2D,), {}))


def test_sides_may_be_named_one_by_one(keras):
    assert kernel(keras.Conv2D(8, 3, nb_col=5)) == ((3, 5), (1, 1))
    assert kernel(keras.Conv2D(8, nb_row=3, nb_col=5)) == ((3, 5), (1, 1))
    assert kernel(keras.Conv2D(nb_filter=8, nb_row=3, nb_col=5)) == ((3, 5), (1, 1))
    assert keras.Convolution3D(8, 1, 2, 3).kernel_size == (1, 2, 3)
    assert kernel(keras.Conv2D(8, 3, strides=2)) == ((3, 3), (2, 2))
    shaped = keras.Deconvolution2D(8, 3, 5, (None, 9, 9, 8), border_mode="same")
    assert kernel(shaped) == ((3, 5), (1, 1))
    keras.Deconvolution2D(8, 3, 5, output_shape=(None, 9, 9, 8))


@pytest.mark.parametrize(
    ("name", "given", "named"),
    [
        ("BatchNormalization", (), {"mode": 2}),
        ("BatchNormalization", (1,), {}),
        ("Conv2D", (8, (3, 3), 2), {}),
        ("Dense", (8, "relu"), {}),
        ("Dense", (), {"output_dim": 8, "units": 8}),
        ("Dense", (8,), {"init": "one", "kernel_initializer": "one"}),
    ],
)
def test_what_keras_2_refused_is_refused(keras, name, given, named):
    with pytest.raises(TypeError):
        getattr(keras, name)(*given, **named)


def test_old_names_of_norms_embeddings_and_separable_kernels(keras):
    assert keras.BatchNormalization(mode=0, axis=1).axis == 1
    table = keras.Embedding(3, 4, W_regularizer="l2", W_constraint="non_neg", dropout=0.5)
    assert table.embeddings_regularizer and table.embeddings_constraint
    separable = keras.SeparableConv2D(8, 3, 3, init="zeros")
    first = [separable.depthwise_initializer, separable.pointwise_initializer]
    assert [type(x).__name__ for x in first] == ["Zeros", "Zeros"]
    assert keras.Conv1D(8, 3, input_dim=2, input_length=5)._batch_input_shape == (None, 5, 2)


def test_images_of_an_epoch_are_batches_where_the_generator_says_of_how_many(keras):
    from dcgan_v1.migration.programs.families import keras_arguments

    counted = types.SimpleNamespace(batch_size=100)
    for generator, steps in ((counted, 600), (iter([]), 60000)):
        named = {"samples_per_epoch": 60000, "nb_epoch": 2}
        _, named = keras_arguments._of_generator((generator,), named)
        assert named == {"steps_per_epoch": steps, "epochs": 2}
