"""Text for people: on a terminal, in a table, in a figure."""

import numbers


def visible(text):
    """`text` in one line, with no character that a terminal would obey."""
    return "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff"
                   else "\ufffd" for c in str(text))


def text_of(value):
    """A key's value as people write it: 0.1, not 0.1000000001."""
    if isinstance(value, numbers.Real) and not isinstance(value,
                                                          numbers.Integral):
        return f"{value:.6g}"
    return visible(value)


def shortened(texts, most=8):
    """'a, b, c', or 'a, b, ... z (41 values)' where there are many."""
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:3])}, ... {texts[-1]} ({len(texts)} values)"


def aligned(rows, left):
    """The lines of a table of texts; the columns `left` begin at the left."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) if i in left else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths))
                      ).rstrip() for row in rows]
