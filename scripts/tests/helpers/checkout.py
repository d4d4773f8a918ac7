"""Where the tests find the repository that they test."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "scripts"
EXPERIMENTS = ROOT / "experiments"
