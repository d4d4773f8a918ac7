// Losses on the linear output Z_L, one sample (row) at a time.
//
// With m samples and c outputs, a batch's loss is the sum of its rows' values
// and delta_L = ∂loss/∂Z_L; each loss says how m and c divide it. Cross
// entropies are computed from logits, never from log ŷ, in double, and are
// finite for any finite logit.
//
// delta_L and the values carry exponents, so that neither leaves double's
// range: where a cross entropy is right by z nats, delta_L is about e^-z, and 0
// only beyond z = 2e17 (kLargestLog in losses.cc).
//
// To add one: a row function and a row of the table in losses.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "stats/scaled_double.h"

namespace initscope {

struct LossRow {
  ScaledDouble value;  // this row's share of the batch's loss
  // Of this sample, in nats, where the target is a distribution, else NaN:
  double label_entropy = 0;  // H(y)
  double cross_entropy = 0;  // H(y, ŷ)
  double kl_divergence = 0;  // KL(y ‖ ŷ), computed on its own
};

struct LossInput {
  const double* logits;  // c mantissas
  int64_t exponent;      // logit = mantissa · 2^exponent
  const double* target;  // c entries of Y (of R for probe)
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
  // ŷ of one sample, from c logits: the head that the loss applies.
  // `prediction` may be `logits`.
  void (*predict)(const double* logits, size_t outputs, double* prediction);
  // The target row that is drawn where there are no labels (and for probe
  // always): c entries at row `row` of the targets' or probes' stream.
  void (*draw)(uint64_t data_seed, uint32_t row, size_t outputs,
               double* target);
  bool uses_labels;            // labels become one-hot targets
  bool smooths_drawn_targets;  // drawn targets are distributions, too
  // Each output is a Bernoulli variable of its own: smoothing mixes in ½, and
  // two classes may share one output.
  bool bernoulli;
  // ŷ is one distribution over the outputs, of which there must be two.
  bool categorical;
  // In Z_L: delta_L is the target, whatever the network computes.
  bool linear;
  std::string_view target;  // its symbol and what it is: "Y: the targets"
  std::string_view target_symbol() const { return target.substr(0, 1); }
};

// In the order of their codes in results files: append, never reorder.
std::span<const Loss> Losses();

}  // namespace initscope
