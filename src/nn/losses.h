// Losses on the linear output Z_L, one sample (row) at a time.
//
// The loss of a batch of m samples is the sum of the values of its rows, and
// delta_L = ∂loss/∂Z_L; each loss defines its division by m and the number c of
// outputs. Cross entropies are computed in double from logits, never from log
// ŷ, and are finite for any finite logit.
//
// delta_L and the values carry exponents, so neither leaves the range of a
// double: a prediction that is right by z nats has a delta_L of about e^−z,
// which is 0 only beyond z = 2e17 (kLargestLog in losses.cc).
//
// To add one, write a row function and add a row to the table in losses.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "stats/scaled_double.h"

namespace initscope {

struct LossRow {
  ScaledDouble value;  // this row's share of the batch's loss
  // In nats; NaN if the target is not a distribution.
  double label_entropy = 0;  // H(y)
  double cross_entropy = 0;  // H(y, ŷ)
  double kl_divergence = 0;  // KL(y ‖ ŷ), not by subtraction
};

struct LossInput {
  const double* logits;  // c mantissas
  int64_t exponent;      // logit = mantissa · 2^exponent
  const double* target;  // c entries of Y (R for probe)
  size_t outputs;        // c
  size_t samples;        // m
};

struct Loss {
  std::string_view name;
  std::string_view formula;
  std::string_view delta;
  std::string_view source;
  // Writes delta_L's row as c mantissas and their common exponent.
  LossRow (*row)(const LossInput& in, double* delta, int64_t* delta_exponent);
  // ŷ of one sample from c logits: the head that belongs to the loss.
  // `prediction` may alias `logits`.
  void (*predict)(const double* logits, size_t outputs, double* prediction);
  // Draws a target if there are no labels (for probe always): c entries from
  // row `row` of the stream of targets or probes.
  void (*draw)(uint64_t data_seed, uint32_t row, size_t outputs,
               double* target);
  bool uses_labels;            // labels become one-hot targets
  bool smooths_drawn_targets;  // drawn targets are also distributions
  // Each output is a Bernoulli variable of its own: smoothing mixes in ½, and
  // two classes may share one output.
  bool bernoulli;
  // ŷ is one distribution over the outputs, of which there must be at least
  // two.
  bool categorical;
  // Linear in Z_L: delta_L is the target, whatever the network computes.
  bool linear;
  std::string_view target;  // its symbol and what it is: "Y: the targets"
  std::string_view target_symbol() const { return target.substr(0, 1); }
};

// The index is the code in results files: append, never reorder.
std::span<const Loss> Losses();

}  // namespace initscope
