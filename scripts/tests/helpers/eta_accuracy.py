"""What the time left, as a sweep of unequal runs says it, gives for its whole.

python3 scripts/tests/helpers/eta_accuracy.py [PROGRAM] prints, for each of
SWEEPS, time so far plus time left, by time in all, when a tenth, a fifth, ...
of it has passed, and the worst from a tenth on. Nothing else should run.
"""

import os
import pty
import re
import tempfile
import time

from checkout import measured_program

SWEEPS = {
    "narrow ones last": "run --width 1024,64,512,128 --depth 3,40 "
                        "--batch 128 --seed range(0,120)",
    "wide ones last": "run --depth 30 --width 64,128,512,1024 --batch 256 "
                      "--activation tanh,relu --seed range(0,60)",
    "training": "train --depth 3,6 --width 32,256 --steps 300 "
                "--seed range(0,8)",
    "attention": "attention --d-k 16,64,256 --tokens 64,256 "
                 "--seed range(0,200)",
}
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
UNITS = {"s": 1, "min": 60, "h": 3600}


def said(arguments):
    """What a program writes on a terminal: [(second, text)], and its end."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(arguments[0], arguments)
    begin, texts = time.monotonic(), []
    while True:
        try:
            text = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        texts.append((time.monotonic() - begin, text.decode(errors="replace")))
    end = time.monotonic() - begin
    _, status = os.waitpid(child, 0)
    assert status == 0, texts
    return texts, end


def seconds_left(text):
    found = re.findall(r"([\d.:]+) (s|min|h) left", text)
    if not found:
        return None
    number, unit = found[-1]
    return UNITS[unit] * sum(float(part) / 60**i
                             for i, part in enumerate(number.split(":")))


def ratios(texts, end):
    """[(share of the time that has passed, what would be all by what is)]."""
    left = [(now, seconds_left(text)) for now, text in texts]
    return [(now / end, (now + seconds) / end) for now, seconds in left
            if seconds is not None and now >= 0.1 * end]


def main():
    program = measured_program()
    print(f"{'sweep':18} {'s':>6} " + " ".join(f"{s:5}" for s in SHARES)
          + "  worst")
    for name, line in SWEEPS.items():
        with tempfile.TemporaryDirectory() as folder:
            texts, end = said([str(program), *line.split(), "--output",
                               f"{folder}/x.h5"])
        found = ratios(texts, end)
        at = [min(found, key=lambda x: abs(x[0] - share))[1]
              for share in SHARES]
        worst = max((ratio for _, ratio in found), key=lambda x: abs(x - 1))
        print(f"{name:18} {end:6.1f} " + " ".join(f"{x:5.2f}" for x in at)
              + f"  {worst:5.2f}", flush=True)


if __name__ == "__main__":
    main()
