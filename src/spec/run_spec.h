// One resolved run: names are looked up, defaults filled in, contradictions
// refused.
//
// A run consists of parts. Comparing whole parts decides what two runs share
// (engine/sharing.h), so a new member of a part is compared without further
// ado.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/initializers.h"
#include "nn/losses.h"
#include "nn/network.h"
#include "nn/trained_weights.h"
#include "spec/sample_set.h"

namespace initscope {

enum class InputKind { kGaussian, kSphere, kData };
enum class Precision { kFloat32, kFloat64 };
inline constexpr std::string_view kPrecisionNames[] = {"float32", "float64"};
enum class EngineKind { kPacked };
inline constexpr std::string_view kEngineNames[] = {"packed"};

struct NetworkSpec : Network {
  BiasInit bias_init = BiasInit::kNormal;
  double bias_std = 0;

  auto operator<=>(const NetworkSpec&) const = default;
};

// The law of the weights W = gain · s · U.
struct WeightLaw {
  const Initializer* init = nullptr;
  double gain = 1;

  auto operator<=>(const WeightLaw&) const = default;
};

// One draw of that law.
struct WeightSource : WeightLaw {
  uint64_t seed = 0;

  auto operator<=>(const WeightSource&) const = default;
};

struct InputSpec {
  std::string input = "gaussian";  // as written
  std::string labels;
  std::string classes;
  size_t most_samples = 0;  // use only the first ones; 0: all
  InputKind input_kind = InputKind::kGaussian;
  size_t input_index = 0;  // into InputCatalog::inputs(), for kData
  std::shared_ptr<const SampleSet> samples;  // for kData
  std::shared_ptr<const std::vector<uint32_t>> order;
  Standardize standardize = Standardize::kNone;
  double input_variance = 1;
  double input_correlation = 0;
  size_t batch = 256;
  size_t batches = 1;
  uint64_t data_seed = 0;

  // 0 without labels.
  size_t LabelClasses() const { return samples ? samples->classes() : 0; }

  auto operator<=>(const InputSpec&) const = default;
};

struct TargetSpec {
  const Loss* loss = nullptr;
  double label_smoothing = 0;

  auto operator<=>(const TargetSpec&) const = default;
};

// How `train` trains a run.
struct Training {
  uint64_t steps = 0;  // 0: the run is measured as initialized
  DescentRule rule;
  std::vector<uint64_t> record;  // ascending steps ≤ `steps` with statistics
};

// How a run is computed, and what is measured in addition to its statistics.
struct Measure {
  size_t jacobian_samples = 0;  // of the first batch; 0: no Jacobians
  Precision precision = Precision::kFloat32;
  EngineKind engine = EngineKind::kPacked;

  double EntryBytes() const { return precision == Precision::kFloat32 ? 4 : 8; }

  auto operator<=>(const Measure&) const = default;
};

struct RunSpec : NetworkSpec, WeightSource, InputSpec, TargetSpec, Measure {
  Training training;
  uint64_t run_id = 0;

  // Whether the targets are made from labels.
  bool HasLabels() const { return loss->uses_labels && LabelClasses() > 0; }
  // s of W_l = s·U; for lsuv the value from which its search starts.
  double Scale(size_t layer) const;
  // "tanh, he_normal, gain 1, seed 3": for messages.
  std::string Title() const;
  // The default loss: softmax for labelled data, else probe.
  std::string_view DefaultLoss() const;
};

}  // namespace initscope
