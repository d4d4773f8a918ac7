"""All seeds of he2015_convergence at depth 10 and 30 (half a minute)."""

import show
from initscope import claims as show_claims


def test_every_seed(program, tmp_path):
    """He below 40 % of its first loss; Xavier above 98.5 % at depth 30."""
    module = show.load("he2015_convergence")
    module.QUICK = ["--depth", "10,30"]
    path = show.run(str(program), "he2015_convergence", module,
                    tmp_path / "he", quick=True)
    runs = module.training_results.read(path).runs
    assert len(runs) == 20 and runs["seed"].nunique() == 5
    assert (runs["status"] == "complete").all()
    claims = module.claims(path)
    assert len(claims) == 4
    failed = [claim for claim in claims if not claim.holds]
    assert not failed, "\n".join(show_claims.table(failed))
