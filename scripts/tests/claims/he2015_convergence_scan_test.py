"""All seeds of he2015_convergence at depth 10 and 30 (half a minute)."""

import show
from initscope import claims, experiments, results


def test_every_seed(program, tmp_path, monkeypatch):
    """He below 40 % of its first loss; Xavier above 98.5 % at depth 30."""
    module = experiments.load("he2015_convergence")
    monkeypatch.setattr(module, "QUICK", ["--depth", "10,30"])
    monkeypatch.setenv("INITSCOPE", str(program))
    found = results.read(show.run("he2015_convergence", module,
                                  tmp_path / "he", quick=True))
    assert len(found.runs) == 20 and found.runs["seed"].nunique() == 5
    assert (found.runs["status"] == "complete").all()
    made = list(module.claims(found))
    assert len(made) == 4
    failed = [each for each in made if not each.holds]
    assert not failed, "\n".join(claims.table(failed))
