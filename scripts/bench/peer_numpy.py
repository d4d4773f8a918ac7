"""A network at initialization in NumPy, as its users would write it.

The formulas are initscope's: rows are samples, Z = X W,
mse = |X_L - Y|^2/(2mc). All in float32.
"""

import numpy as np


def moments(values):
    """Mean, variance (divisor n) and second moment, in few passes."""
    mean = values.mean()
    centred = (values - mean).ravel()
    variance = np.dot(centred, centred) / centred.size
    return float(mean), float(variance), float(variance + mean * mean)


# Name -> f(z), and f' from z and a = f(z).
ACTIVATIONS = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a * a),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: z > 0),
}
VARIANCES = {"zero": lambda fan_in, fan_out: 0,
             "xavier_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
             "he_normal": lambda fan_in, fan_out: 2 / fan_in}


class Peer:
    """Draws and runs networks; one generator for all its draws."""

    version = np.__version__

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def normals(self, rows, columns):
        """A matrix of standard normals."""
        return self.generator.standard_normal((rows, columns), np.float32)

    def fill(self, buffer):
        """Fills an array with standard normals."""
        self.generator.standard_normal(dtype=np.float32, out=buffer)

    def weights(self, init, fan_in, fan_out):
        """One layer's weights, fan_in x fan_out."""
        if init == "zero":
            return np.zeros((fan_in, fan_out), np.float32)
        weights = self.normals(fan_in, fan_out)
        weights *= np.float32(VARIANCES[init](fan_in, fan_out) ** 0.5)
        return weights

    def run(self, activation, init, depth, inputs, targets):
        """The moments of Z, X, delta and dW, a row per layer 1..depth."""
        function, derivative = ACTIVATIONS[activation]
        width = inputs.shape[1]
        weights = [self.weights(init, width, width) for _ in range(depth)]
        x, z = [inputs], []
        for layer in range(depth):
            z.append(x[layer] @ weights[layer])
            x.append(z[layer] if layer == depth - 1 else function(z[layer]))
        delta = (x[depth] - targets) / targets.size
        rows = []
        for layer in reversed(range(depth)):
            gradient = x[layer].T @ delta
            of_z = moments(z[layer])
            rows.append([of_z,
                         of_z if layer == depth - 1 else moments(x[layer + 1]),
                         moments(delta), moments(gradient)])
            if layer > 0:
                delta = ((delta @ weights[layer].T) *
                         derivative(z[layer - 1], x[layer]))
        return rows[::-1]
