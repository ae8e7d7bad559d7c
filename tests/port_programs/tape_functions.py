"""TF2 functions with a GradientTape each, tf.function, bare variables, weights that are clipped."""

import tensorflow as tf

tf.random.set_seed(4)


def weights(rows, columns):
    return tf.Variable(tf.random.normal([rows, columns], stddev=0.5))


W1, b1 = weights(4, 5), tf.Variable(tf.zeros([5]))
W2, b2 = weights(5, 1), tf.Variable(tf.zeros([1]))
V1, c1 = weights(3, 6), tf.Variable(tf.zeros([6]))
V2, c2 = weights(6, 4), tf.Variable(tf.zeros([4]))
theta_D, theta_G = [W1, b1, W2, b2], [V1, c1, V2, c2]


def critic(x):
    return tf.matmul(tf.nn.leaky_relu(tf.matmul(x, W1) + b1, 0.2), W2) + b2


def generator(z):
    return tf.tanh(tf.matmul(tf.nn.relu(tf.matmul(z, V1) + c1), V2) + c2)


D_solver = tf.keras.optimizers.SGD(0.05)
G_solver = tf.keras.optimizers.SGD(0.05)


@tf.function
def train_critic(x, z):
    with tf.GradientTape() as tape:
        D_loss = tf.reduce_mean(critic(generator(z))) - tf.reduce_mean(critic(x))
    D_solver.apply_gradients(zip(tape.gradient(D_loss, theta_D), theta_D))
    for w in theta_D:
        w.assign(tf.clip_by_value(w, -0.05, 0.05))
    return D_loss


@tf.function
def train_generator(z):
    with tf.GradientTape() as tape:
        G_loss = -tf.reduce_mean(critic(generator(z)))
    G_solver.apply_gradients(zip(tape.gradient(G_loss, theta_G), theta_G))
    return G_loss


data = tf.random.uniform([80, 4])
for it in range(10):
    x = data[it * 8 : it * 8 + 8]
    d = train_critic(x, tf.random.uniform([8, 3], -1.0, 1.0))
    g = train_generator(tf.random.uniform([8, 3], -1.0, 1.0))
    print(it, float(d), float(g))
