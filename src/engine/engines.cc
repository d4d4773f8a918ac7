#include "engine/engines.h"

#include <fmt/format.h>

#include <iterator>
#include <type_traits>

#include "nn/unit_weights.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

// Up to this size U of every layer is kept between the passes; beyond it each
// pass draws U anew. A constant, because results must not depend on the
// machine.
constexpr double kWeightCacheBytes = 1u << 30;

double PackedFlops(const RunSpec& run) {
  return HasMatrix(run.init->law)
             ? 2 * static_cast<double>(run.batch) * run.weights()
             : 0;
}

double PackedBytes(const RunSpec& run, double jobs) {
  const double entry = run.EntryBytes();
  double bytes = jobs * kWeightBlock * kWeightBlock * entry;
  if (KeepsWeights(run)) {
    bytes = HasMatrix(run.init->law) ? run.weights() * entry : 0;
  }
  const double largest = run.most_weights() * entry;
  // QR holds the draw, the factors and Q, in double.
  if (run.init->law == UnitLaw::kOrthogonal) {
    bytes += largest * (1 + 3 * (8 / entry));
  }
  // U itself, and a copy in double.
  if (run.jacobian_samples > 0) bytes += largest * 3;
  return bytes;
}

template <typename T>
std::shared_ptr<LayerWeights<T>> MakePacked(const RunSpec& run, size_t l) {
  const LayerSpec& layer = run.layers[l];
  return std::make_shared<UnitWeights<T>>(run.init->law, run.seed, l,
                                          layer.fan_in, layer.fan_out,
                                          KeepsWeights(run));
}

// In the order of EngineKind.
constexpr Engine kEngines[] = {
    {.refusal = [](const RunSpec&) { return std::string(); },
     .flops = PackedFlops,
     .bytes = PackedBytes,
     .make_float = MakePacked<float>,
     .make_double = MakePacked<double>},
};
static_assert(std::size(kEngines) == std::size(kEngineNames));

}  // namespace

const Engine& EngineOf(const RunSpec& run) {
  const auto index = static_cast<size_t>(run.engine);
  const Engine& engine = kEngines[index];
  const std::string refusal = engine.refusal(run);
  if (refusal.empty()) return engine;
  RefuseRun(run, fmt::format("engine = {} {}", kEngineNames[index], refusal));
}

template <typename T>
NetworkWeights<T> MakeWeights(const RunSpec& run) {
  const Engine& engine = EngineOf(run);
  NetworkWeights<T> weights;
  for (size_t l = 0; l < run.depth(); ++l) {
    if constexpr (std::is_same_v<T, float>) {
      weights.push_back(engine.make_float(run, l));
    } else {
      weights.push_back(engine.make_double(run, l));
    }
  }
  return weights;
}

template NetworkWeights<float> MakeWeights(const RunSpec&);
template NetworkWeights<double> MakeWeights(const RunSpec&);

bool KeepsWeights(const RunSpec& run) {
  return !HasMatrix(run.init->law) ||
         run.weights() * run.EntryBytes() <= kWeightCacheBytes;
}

}  // namespace initscope
