"""A simulation as the tests see it: keys that ask for it, arrays it gives."""

import functools

import h5py


def flags(keys):
    return [text for key, value in keys.items()
            for text in (f"--{key.replace('_', '-')}", str(value))]


class Results:
    """A results file. Groups are {name: values}, read when first used."""

    def __init__(self, path):
        self.path = path

    def group(self, name):
        with h5py.File(self.path, "r") as file:
            return {name: data[()] for name, data in file[name].items()}

    @functools.cached_property
    def runs(self):
        return self.group("runs")

    @functools.cached_property
    def layers(self):
        return self.group("layers")

    @functools.cached_property
    def stored(self):
        return self.group("tensors")

    @functools.cached_property
    def attributes(self):
        with h5py.File(self.path, "r") as file:
            return dict(file["tensors"].attrs)

    @functools.cached_property
    def tensors(self):
        return {name: values.astype(float)
                for name, values in self.stored.items()}

    @property
    def dtypes(self):
        return {values.dtype for values in self.stored.values()}

    @property
    def depth(self):
        return sum(name.startswith("W_") for name in self.stored)
