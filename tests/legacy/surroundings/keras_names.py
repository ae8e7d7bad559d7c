"""Optimisers of Keras that a program asks for their updates itself, as unrolled GANs do."""

import numpy as np
import tensorflow as tf

TARGET = np.array([[1.0, -2.0], [0.5, 3.0]])


def after(make, ask, steps=3):
    """The weights after some steps, and the kinds of ops of the first."""
    with tf.Graph().as_default():
        w = tf.get_variable("w", [2, 2], initializer=tf.constant_initializer(0.25))
        b = tf.get_variable("b", [2], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(tf.square(w - TARGET) + tf.square(b - 1.0))
        updates = ask(make(), [w, b], loss)
        step = tf.group(*updates)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(steps):
                sess.run(step)
            return [np.round(x, 5) for x in sess.run([w, b])], len(updates), updates[0].dtype.name


def keras_1(optimizer, weights, loss):
    return optimizer.get_updates(weights, [], loss)


def keras_2(optimizer, weights, loss):
    return optimizer.get_updates(loss, weights)


def probe_adam_of_keras_1():
    from keras.optimizers import Adam

    return after(lambda: Adam(lr=0.1, beta_1=0.5, epsilon=1e-8), keras_1)


def probe_adam_of_keras_2():
    from keras.optimizers import Adam

    return after(lambda: Adam(0.1, decay=0.5, clipnorm=0.5), keras_2)


def probe_adam_with_amsgrad():
    from keras.optimizers import Adam

    return after(lambda: Adam(0.1, amsgrad=True, clipvalue=0.1), keras_2)


def probe_sgd():
    from keras.optimizers import SGD

    return after(lambda: SGD(lr=0.1), keras_1), after(
        lambda: SGD(lr=0.1, momentum=0.9, nesterov=True, decay=0.1), keras_2
    )


def probe_rmsprop():
    from keras.optimizers import RMSprop

    return after(lambda: RMSprop(lr=0.01, rho=0.8), keras_1)


def probe_adagrad_adadelta_adamax():
    from keras.optimizers import Adadelta, Adagrad, Adamax

    return (
        after(lambda: Adagrad(lr=0.1), keras_1),
        after(lambda: Adadelta(lr=0.5), keras_1),
        after(lambda: Adamax(lr=0.1), keras_2),
    )


def probe_updates_are_assignments():
    """Taken apart: what a variable becomes, as a tensor that a gradient passes through."""
    from keras.optimizers import SGD

    with tf.Graph().as_default():
        w = tf.get_variable("w", [], initializer=tf.constant_initializer(2.0))
        rate = tf.placeholder_with_default(3.0, [])
        updates = SGD(lr=0.1).get_updates([w], [], rate * w * w)
        ops = [u.op for u in updates]
        moved = next(op for op in ops if op.inputs[0].name == w.name)
        slope = tf.gradients(moved.inputs[1], rate)[0]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            return sorted({op.type for op in ops}), sess.run([moved.inputs[1], slope])


def probe_models_train_by_the_same_classes():
    from keras.layers import Dense
    from keras.models import Sequential
    from keras.optimizers import SGD

    with tf.Graph().as_default(), tf.Session().as_default():
        model = Sequential([Dense(1, input_shape=(2,), kernel_initializer="ones")])
        model.compile(SGD(lr=0.1, momentum=0.9), "mse")
        model.train_on_batch(np.ones([4, 2]), np.zeros([4, 1]))
        return [np.round(w, 5) for w in model.get_weights()]


def probe_layers_by_names_of_keras_1():
    from keras import backend
    from keras.layers import LSTM, Convolution2D, Dense, Dropout, Embedding, Flatten, MaxPooling2D
    from keras.models import Sequential

    backend.clear_session()
    model = Sequential()
    sizes = {"input_shape": (8, 8, 1), "dim_ordering": "tf"}
    model.add(Convolution2D(2, 3, 3, border_mode="same", init="one", subsample=(2, 2), **sizes))
    model.add(
        Convolution2D(nb_filter=1, nb_row=2, nb_col=1, activation="tanh", init="one", bias=False)
    )
    model.add(MaxPooling2D(pool_size=(2, 2), border_mode="same"))
    model.add(Dropout(p=0.5))
    model.add(Flatten())
    model.add(Dense(output_dim=3, init="one", W_regularizer="l2"))
    words = Sequential()
    words.add(Embedding(5, 3, init="one", input_length=2))
    words.add(LSTM(output_dim=2, inner_activation="sigmoid", init="one", inner_init="one"))
    shapes = [str(layer.output_shape) for layer in model.layers + words.layers]
    return shapes, model.predict(np.ones((1, 8, 8, 1))), words.predict(np.ones((1, 2)))


def probe_models_by_names_of_keras_1():
    from keras import backend
    from keras.layers import Dense, Input
    from keras.models import Model, Sequential

    backend.clear_session()
    x = Input((2,))
    model = Model(input=x, output=Dense(1, init="one")(x))
    model.compile("sgd", "mse")
    ones = np.ones((4, 2)), np.ones((4, 1))
    losses = model.fit(ones[0], ones[1], nb_epoch=2, batch_size=4, verbose=0).history["loss"]

    def batches():
        while True:
            yield ones

    model.fit_generator(batches(), samples_per_epoch=2, nb_epoch=1, verbose=0)
    both = Sequential([Dense(2, input_dim=2, init="one", activation="softmax")])
    one = Sequential([Dense(1, input_dim=2, init="one", activation="sigmoid")])
    data = np.ones((2, 2))
    return (
        [float(loss) for loss in losses],
        model.predict(data),
        both.predict_classes(data).tolist(),
        one.predict_classes(data).tolist(),
        one.predict_proba(data),
    )
