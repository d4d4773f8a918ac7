#!/usr/bin/env python3
"""Prints the results of bench.sh: tables of medians, and the goals."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from initscope import command  # first: it reports missing packages
from bench import bench_goals, bench_results
from bench.bench_results import OURS
from initscope.text import aligned


def shown(rows):
    """Rows of cells as lines, the first and last column left-aligned."""
    return aligned(rows, {0, len(rows[0]) - 1}) if rows else []


def product_table(results, fixed, across):
    """A row per kernel, a column per value of `across`; None if empty."""
    rows = results.products(**fixed)
    values = sorted(rows[across].dropna().astype(int).unique())
    if not values:
        return None
    table = [["", *(f"{across} = {value}" for value in values), ""]]
    for title, of_kernel in rows.groupby("title", sort=False):
        by_value = of_kernel.set_index(across)
        table.append([
            title, *(f"{by_value.at[v, 'GFLOP/s']:.1f} "
                     f"({by_value.at[v, '% of peak']:3.0f}%)"
                     if v in by_value.index else "" for v in values),
            of_kernel["label"].iloc[0]])
    ratios = [ratio(results, **fixed, **{across: v}) for v in values]
    if any(ratios):
        table.append([f"{OURS} / best peer", *ratios, ""])
    return table


def ratio(results, batch, n):
    """Our speed relative to the best peer's, as text; "" if unknown."""
    rows = results.products(batch, n)
    ours, peer = rows[rows["kernel"] == OURS], results.best_peer(batch, n)
    if ours.empty or peer is None:
        return ""
    return f"{ours.iloc[0]['GFLOP/s'] / peer['GFLOP/s']:.2f}\u00d7       "


def number(value):
    """A number in three digits, or in all of its whole ones."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def other_table(results):
    """A row per benchmark that is not a product; None if empty."""
    table = [["", "speed", "of peak", ""]]
    for _, row in results.table.query("family != 'Product'").iterrows():
        unit = next((unit for unit in ("GFLOP/s", "ns per item", "GB/s")
                     if row[unit] == row[unit]), "ns")
        speed = f"{number(row[unit])} {unit}"
        if row["MB/s"] == row["MB/s"]:
            speed += f", {number(row['MB/s'])} MB/s"
        percent = row["% of peak"]
        table.append([row["name"], speed,
                      f"{percent:.1f}%" if percent == percent else "",
                      row["label"]])
    return table if len(table) > 1 else None


def main():
    """Runs the program."""
    parser = command.ArgumentParser(description=__doc__)
    parser.add_argument("file", help="bench.json")
    results = bench_results.read(parser.parse_args().file)
    print("\n".join(bench_results.summary(results)))
    goals = [outcome.cells() for outcome in bench_goals.outcomes(results)]
    for title, table in (
            ("Product, batch 256: GFLOP/s (of FMA peak)",
             product_table(results, {"batch": 256}, "n")),
            ("Product, n = 1024: GFLOP/s (of FMA peak)",
             product_table(results, {"n": 1024}, "batch")),
            ("Everything else", other_table(results)),
            ("Goals, for an idle machine",
             [["", "measured", "goal", ""], *goals])):
        if table:
            print(f"\n{title}\n" + "\n".join(shown(table)))
    for name, message in results.errors.items():
        print(f"\n{name}: {message}")


if __name__ == "__main__":
    command.run_main(main)
