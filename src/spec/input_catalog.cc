#include "spec/input_catalog.h"

namespace initscope {

size_t InputCatalog::Find(const std::string& input, const std::string& labels) {
  const auto key = std::make_pair(input, labels);
  const auto it = index_.find(key);
  if (it != index_.end()) return it->second;
  inputs_.push_back(std::make_shared<const InputData>(reader_(input, labels)));
  label_counts_.push_back(CountLabels(*inputs_.back()));
  index_[key] = inputs_.size() - 1;
  return inputs_.size() - 1;
}

std::shared_ptr<const SampleSet> InputCatalog::Samples(
    size_t input, const std::vector<int32_t>& classes, size_t most,
    Standardize standardize) {
  std::string key = std::to_string(input) + "/" + std::to_string(most) + "/" +
                    std::to_string(static_cast<int>(standardize));
  for (int32_t label : classes) key += "," + std::to_string(label);
  auto& entry = samples_[key];
  if (!entry) {
    entry = std::make_shared<const SampleSet>(inputs_[input], classes, most,
                                              standardize);
  }
  return entry;
}

std::shared_ptr<const std::vector<uint32_t>> InputCatalog::Order(
    const std::shared_ptr<const SampleSet>& samples, uint64_t data_seed) {
  auto& entry = orders_[{samples.get(), data_seed}];
  if (!entry) {
    entry = std::make_shared<const std::vector<uint32_t>>(
        samples->Order(data_seed));
  }
  return entry;
}

}  // namespace initscope
