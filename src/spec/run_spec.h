// One run, resolved: every name looked up, every default filled in, every
// contradiction refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/activations.h"
#include "nn/initializers.h"
#include "nn/losses.h"
#include "nn/trained_weights.h"
#include "spec/sample_set.h"

namespace initscope {

enum class InputKind { kGaussian, kSphere, kData };
enum class Precision { kFloat32, kFloat64 };
inline constexpr std::string_view kPrecisionNames[] = {"float32", "float64"};
enum class EngineKind { kPacked };
inline constexpr std::string_view kEngineNames[] = {"packed"};

// What `train` does to a run.
struct Training {
  uint64_t steps = 0;  // 0: the run is looked at as it was initialized
  DescentRule rule;
  std::vector<uint64_t> record;  // steps with statistics, ascending; ≤ steps
};

struct RunSpec {
  const Activation* activation = nullptr;
  const Initializer* init = nullptr;
  const Loss* loss = nullptr;
  double gain = 1;
  BiasInit bias_init = BiasInit::kNormal;
  double bias_std = 0;
  std::vector<size_t> widths;  // q_0 … q_L
  size_t batch = 256;
  size_t batches = 1;
  size_t jacobian_samples = 0;  // of the first batch; 0: no Jacobians

  std::string input;  // as written
  std::string labels;
  std::string classes;
  size_t most_samples = 0;  // of the data set, the first ones; 0: all
  InputKind input_kind = InputKind::kGaussian;
  size_t input_index = 0;  // into InputCatalog::inputs(), for kData
  std::shared_ptr<const SampleSet> samples;  // for kData
  std::shared_ptr<const std::vector<uint32_t>> order;
  Standardize standardize = Standardize::kNone;
  double input_variance = 1;
  double input_correlation = 0;
  double label_smoothing = 0;

  Training training;
  uint64_t seed = 0;
  uint64_t data_seed = 0;
  Precision precision = Precision::kFloat32;
  EngineKind engine = EngineKind::kPacked;
  uint64_t run_id = 0;

  size_t depth() const { return widths.size() - 1; }
  // s of W_l = s·U; where lsuv begins to search for it.
  double Scale(size_t layer) const;
  std::string Shape() const;  // "784x300x10"
  // "tanh, he_normal, gain 1, seed 3": for messages.
  std::string Title() const;
  // The loss where none is configured: softmax for labelled data, else probe.
  std::string_view DefaultLoss() const;
};

}  // namespace initscope
