"""Text for terminals, tables and figures."""

import numbers


def visible(text):
    """`text` on one line, without characters that control a terminal."""
    return "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff"
                   else "\ufffd" for c in str(text))


def text_of(value):
    """A key's value in at most 6 digits: 0.1, not 0.1000000001."""
    if isinstance(value, numbers.Real) and not isinstance(value,
                                                          numbers.Integral):
        return f"{value:.6g}"
    return visible(value)


def shortened(texts, most=8):
    """'a, b, c', or 'a, b, c, ... z (41 values)' beyond `most` texts."""
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:3])}, ... {texts[-1]} ({len(texts)} values)"


def aligned(rows, left):
    """The lines of a table of texts; the columns `left` are left-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) if i in left else cell.rjust(width)
                      for i, (cell, width) in enumerate(zip(row, widths))
                      ).rstrip() for row in rows]
