"""What is traced: seeds, and a list of runs, CASES.

CASES goes through every activation, initializer and loss.
"""

import itertools

from reference_network import ACTIVATIONS, LOSSES, PRECISIONS
from reference_variates import INITIALIZERS

# All 64 bits are used.
SEED, DATA_SEED = 0xFEDCBA9876543210, 0x0123456789ABCDEF

SHAPE = "7x13x5x11x4"
FASHION = {"input": "fashion-mnist-sample", "shape": "784x13x5x11x10"}
INPUTS_OF_CASES = [{"shape": SHAPE}, FASHION]


def cases():
    """Every activation, initializer, loss; others go round beside them."""
    inits = [*INITIALIZERS, "lsuv"]
    losses, smoothing = list(LOSSES), itertools.cycle([0, .1, .25])
    biases = itertools.cycle([{"bias_std": .3}, {"bias_init":
                                                 "torch_default"}, {}])
    inputs = itertools.cycle(INPUTS_OF_CASES[:1] * 3 + INPUTS_OF_CASES[1:])
    lists = itertools.chain(
        itertools.product(ACTIVATIONS, [None], [None], PRECISIONS),
        itertools.product([None], inits, [None], PRECISIONS),
        itertools.product([None], [None], losses, PRECISIONS * 2))
    usable = [i for i in inits if i not in ("zero", "constant", "normal",
                                            "uniform")]
    for i, (activation, init, loss, precision) in enumerate(lists):
        yield {
            "activation": activation or list(ACTIVATIONS)[i % 13],
            "init": init or usable[i % len(usable)],
            "loss": loss or losses[(i // 2 + i) % 4],
            "precision": precision, "batch": 6, "seed": 2**40 + i,
            "data_seed": i, "gain": 1.25, "label_smoothing": next(smoothing),
            **next(biases), **next(inputs)}


def case_name(keys):
    return "-".join(str(keys.get(key)) for key in (
        "activation", "init", "loss", "precision", "shape") if key in keys)


CASES = list(cases())
