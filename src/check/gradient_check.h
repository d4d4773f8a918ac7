// The engine's analytic gradients against central differences of a plain
// forward pass in double.
//
// Every delta_l, dW_l and db_l of one batch is compared entry by entry (of a
// large tensor: some entries, checked_entries.h) with a difference whose step
// is chosen for the entry. An entry passes if
//
//     |analytic − D(h)| <= 4 (truncation + rounding of D(h) + of the analytic)
//
// where truncation is what curvature makes of the step (central_difference.h)
// and the roundings are first-order bounds (rounding_noise.h,
// analytic_rounding.h); the 4 is for what is estimated in them. The bound says
// how much the comparison tells. Deterministic.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "check/engine_gradients.h"
#include "spec/run_spec.h"

namespace initscope {

// One tensor's comparison. Errors and bounds are absolute.
struct TensorCheck {
  std::string name;  // "dW_1"
  size_t rows = 0, cols = 0;
  size_t checked = 0;  // entries compared, of rows × cols
  size_t failed = 0;   // of these: error above the bound
  // Looked at, but not compared: f' jumps there (the loss has no derivative),
  // or so near that no step tells it.
  size_t at_kink = 0;
  double scale = 0;          // the largest |gradient|, analytic or numeric
  double loosest_bound = 0;  // of the entries compared
  bool is_constant = true;   // no entry compared moves the loss by a bit
  // Of the entry with the largest error (of those that failed, if any did):
  size_t row = 0, col = 0;
  double analytic = 0, numeric = 0, bound = 0, step = 0;

  double Error() const;
  // An error or a bound in units of the tensor's largest gradient.
  double Relative(double error) const;
  bool ok() const { return failed == 0; }
  // Whether bounds are below 1 % of the gradient; where they are not, it is too
  // small for differences to tell it from 0.
  bool resolved() const;
};

struct GradientReport {
  double loss = 0;        // the engine's
  double plain_loss = 0;  // the plain pass's
  double loss_bound = 0;
  std::vector<TensorCheck> tensors;  // delta_L, dW_{L−1}, db_{L−1}, … delta_0

  bool loss_ok() const;
  bool ok() const;
  // The names of what failed, in the order of the backward pass: what is wrong
  // makes wrong what comes after it.
  std::vector<std::string> Failed() const;
};

struct GradientCheckOptions {
  StopFlag stop;    // looked at once per entry
  size_t jobs = 1;  // tensors at the same time
};

// `gradients` of `run`, as ComputeGradients() gives them. Throws UserError
// where the loss is not a finite number, Interrupted when stopped.
GradientReport CheckGradients(const RunSpec& run,
                              const EngineGradients& gradients,
                              const GradientCheckOptions& options);

// What a check of the run takes, about: bytes, and flop of the differences.
double GradientCheckMemory(const RunSpec& run);
double GradientCheckFlops(const RunSpec& run);

}  // namespace initscope
