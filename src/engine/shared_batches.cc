#include "engine/shared_batches.h"

#include "engine/batch_source.h"

namespace initscope {

template <>
SharedBatches::Latest<Inputs<float>>& SharedBatches::LatestInputs<float>() {
  return floats_;
}
template <>
SharedBatches::Latest<Inputs<double>>& SharedBatches::LatestInputs<double>() {
  return doubles_;
}

template <typename Value, typename Make>
std::shared_ptr<const Value> SharedBatches::Get(Latest<Value>* latest,
                                                const Key& key,
                                                const Make& make) {
  {
    const std::lock_guard lock(mutex_);
    if (latest->key == key) return latest->value;
    *latest = {};  // before the next one takes its memory
  }
  auto value = std::make_shared<Value>();
  make(value.get());
  const std::lock_guard lock(mutex_);
  *latest = {key, value};
  return value;
}

template <typename T>
std::shared_ptr<const Inputs<T>> SharedBatches::InputsOf(const RunSpec& run,
                                                         size_t index,
                                                         Jobs jobs) {
  const Key key = {run, {}, run.inputs(), index};
  return Get(&LatestInputs<T>(), key,
             [&](Inputs<T>* inputs) { DrawInputs(run, index, jobs, inputs); });
}

std::shared_ptr<const Matrix<double>> SharedBatches::TargetsOf(
    const RunSpec& run, size_t index, StopFlag stop) {
  const Key key = {run, run, run.outputs(), index};
  return Get(&targets_, key, [&](Matrix<double>* targets) {
    *targets = MakeTargets(run, index, stop);
  });
}

template std::shared_ptr<const Inputs<float>> SharedBatches::InputsOf(
    const RunSpec&, size_t, Jobs);
template std::shared_ptr<const Inputs<double>> SharedBatches::InputsOf(
    const RunSpec&, size_t, Jobs);

}  // namespace initscope
