// One run, resolved: every name looked up, every default filled in, every
// contradiction refused.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/activations.h"
#include "nn/initializers.h"
#include "nn/losses.h"
#include "sim/sample_set.h"
#include "sim/sweep.h"

namespace initscope {

enum class BiasInit { kNormal, kTorchDefault };
inline constexpr std::string_view kBiasInitNames[] = {"normal",
                                                      "torch_default"};
enum class InputKind { kGaussian, kSphere, kData };
enum class Precision { kFloat32, kFloat64 };
inline constexpr std::string_view kPrecisionNames[] = {"float32", "float64"};
enum class EngineKind { kPacked };
inline constexpr std::string_view kEngineNames[] = {"packed"};

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

  std::string input;  // as written
  std::string labels;
  std::string classes;
  InputKind input_kind = InputKind::kGaussian;
  size_t input_index = 0;  // into InputCatalog::inputs(), for kData
  std::shared_ptr<const SampleSet> samples;  // for kData
  std::shared_ptr<const std::vector<uint32_t>> order;
  Standardize standardize = Standardize::kNone;
  double input_variance = 1;
  double input_correlation = 0;
  double label_smoothing = 0;

  uint64_t seed = 0;
  uint64_t data_seed = 0;
  Precision precision = Precision::kFloat32;
  EngineKind engine = EngineKind::kPacked;
  uint64_t run_id = 0;

  size_t depth() const { return widths.size() - 1; }
  std::string Shape() const;  // "784x300x10"
  // "tanh, he_normal, gain 1, seed 3": for messages.
  std::string Title() const;
};

// Reads a data set: io's reader, given by who assembles the program.
using InputReader = std::function<InputData(const std::string& input,
                                            const std::string& labels)>;

// The data sets of a sweep, each read once, and what is derived from them.
class InputCatalog {
 public:
  explicit InputCatalog(InputReader reader) : reader_(std::move(reader)) {}

  // The index of the data set, which is read when it is first asked for.
  size_t Find(const std::string& input, const std::string& labels);
  const std::vector<std::shared_ptr<const InputData>>& inputs() const {
    return inputs_;
  }
  std::shared_ptr<const SampleSet> Samples(size_t input,
                                           const std::vector<int32_t>& classes,
                                           Standardize standardize);
  std::shared_ptr<const std::vector<uint32_t>> Order(
      const std::shared_ptr<const SampleSet>& samples, uint64_t data_seed);

 private:
  InputReader reader_;
  std::vector<std::shared_ptr<const InputData>> inputs_;
  std::map<std::pair<std::string, std::string>, size_t> index_;
  std::map<std::string, std::shared_ptr<const SampleSet>> samples_;
  std::map<std::pair<const SampleSet*, uint64_t>,
           std::shared_ptr<const std::vector<uint32_t>>>
      orders_;
};

// Throws UserError: kUsage for a value that makes no sense, naming where it
// stands; kData for data that cannot be read.
RunSpec ResolveRun(const SweepPoint& point, InputCatalog* catalog);

struct ResolvedSweep {
  std::vector<RunSpec> runs;
  size_t duplicates = 0;  // dropped, by run_id
};
// Calls `on_run` with every run that is not a duplicate as it comes; it may
// throw.
ResolvedSweep ResolveSweep(
    const Sweep& sweep, InputCatalog* catalog,
    const std::function<void(const RunSpec& run)>& on_run = {});

// The sorted `key=value` lines that say what a run computes: widths as shape,
// numbers in shortest form, data by content, keys at their default left out.
std::string CanonicalRun(const RunSpec& run);
// The first 64 bits of the SHA-256 of CanonicalRun().
uint64_t RunId(const RunSpec& run);
std::string RunIdHex(uint64_t run_id);

}  // namespace initscope
