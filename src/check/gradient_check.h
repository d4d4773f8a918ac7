// Compares the engine's analytic gradients with central differences of a plain
// forward pass in double.
//
// The entries of every delta_l, dW_l and db_l of one batch (of large tensors
// some of them: checked_entries.h) are compared with a difference whose step is
// chosen for the entry. An entry passes if
//
//     |analytic − D(h)| <= 4 (T + R_D + R_a)
//
//     T    truncation error of D(h)                     (central_difference.h)
//     R_D  first-order bound on the rounding of D(h)    (rounding_noise.h)
//     R_a  the same for the analytic gradient           (analytic_rounding.h)
//
// The factor 4 covers what is only estimated in them. Deterministic.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "check/engine_gradients.h"
#include "spec/run_spec.h"

namespace initscope {

// The comparison of one tensor. Errors and bounds are absolute.
struct TensorCheck {
  std::string name;  // "dW_1"
  size_t rows = 0, cols = 0;
  size_t checked = 0;  // entries compared, of rows × cols
  size_t failed = 0;   // of these, entries with an error above the bound
  // Entries not compared because f' jumps there (the loss has no derivative),
  // or so near that no step can avoid it.
  size_t at_kink = 0;
  double scale = 0;          // the largest |gradient|, analytic or numeric
  double loosest_bound = 0;  // of the entries compared
  bool is_constant = true;   // no entry compared changes a bit of the loss
  // The entry with the largest error (among those that failed, if any did):
  size_t row = 0, col = 0;
  double analytic = 0, numeric = 0, bound = 0, step = 0;

  double Error() const { return std::abs(analytic - numeric); }
  // An error or a bound in units of the tensor's largest gradient.
  double Relative(double error) const { return error == 0 ? 0 : error / scale; }
  bool ok() const { return failed == 0; }
  // Whether bounds are below 1 % of the gradient. If not, it is too small for
  // differences to tell it from 0.
  bool resolved() const;
};

struct GradientReport {
  double loss = 0;        // the engine's
  double plain_loss = 0;  // the plain pass's
  double loss_bound = 0;
  std::vector<TensorCheck> tensors;  // delta_L, dW_{L−1}, db_{L−1}, … delta_0

  bool loss_ok() const { return std::abs(loss - plain_loss) <= loss_bound; }
  bool ok() const { return Failed().empty(); }
  // Names of what failed, in the order of the backward pass: an error spreads
  // to all that follows.
  std::vector<std::string> Failed() const;
};

// `gradients`: those of ComputeGradients(run). Checks jobs.count tensors at the
// same time, and jobs.stop once per entry. Throws UserError if the loss is not
// finite or numbers are too large to check, and Interrupted if stopped.
GradientReport CheckGradients(const RunSpec& run,
                              const EngineGradients& gradients, Jobs jobs);

// Rough cost of a check of the run: bytes, and flop of the differences.
double GradientCheckMemory(const RunSpec& run);
double GradientCheckFlops(const RunSpec& run);

}  // namespace initscope
