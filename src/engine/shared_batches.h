// Inputs and targets that the bundles of a sweep share: they depend on
// data_seed, not on the seed.
#pragma once

#include <compare>
#include <memory>
#include <mutex>
#include <optional>

#include "base/parallel.h"
#include "engine/passes.h"
#include "spec/run_spec.h"

namespace initscope {

// Keeps the inputs and the targets that were asked for last. Thread-safe.
class SharedBatches {
 public:
  // X_0 of batch `index`. Throws Interrupted.
  template <typename T>
  std::shared_ptr<const Inputs<T>> InputsOf(const RunSpec& run, size_t index,
                                            Jobs jobs);
  // MakeTargets(), likewise.
  std::shared_ptr<const Matrix<double>> TargetsOf(const RunSpec& run,
                                                  size_t index, StopFlag stop);

 private:
  // What a batch depends on. Inputs have no loss.
  struct Key : InputSpec, TargetSpec {
    size_t width = 0;
    size_t index = 0;

    auto operator<=>(const Key&) const = default;
  };
  template <typename Value>
  struct Latest {
    std::optional<Key> key;
    std::shared_ptr<const Value> value;
  };

  template <typename T>
  Latest<Inputs<T>>& LatestInputs();
  // `*latest` if it is that of `key`, else make().
  template <typename Value, typename Make>
  std::shared_ptr<const Value> Get(Latest<Value>* latest, const Key& key,
                                   const Make& make);

  std::mutex mutex_;
  Latest<Inputs<float>> floats_;
  Latest<Inputs<double>> doubles_;
  Latest<Matrix<double>> targets_;
};

}  // namespace initscope
