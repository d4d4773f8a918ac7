// The data sets of a sweep in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "spec/sample_set.h"

namespace initscope {

// An error in the file of `labels`, not in that of `input`.
class LabelsError : public UserError {
 public:
  using UserError::UserError;
};

// Reads a data set. cli passes io's reader. Throws LabelsError for errors in
// the labels and UserError for others.
using InputReader = std::function<InputData(const std::string& input,
                                            const std::string& labels)>;

// Reads each data set of a sweep once, and keeps it and what is derived from
// it.
class InputCatalog {
 public:
  explicit InputCatalog(InputReader reader) : reader_(std::move(reader)) {}

  // The index of the data set; reads it the first time.
  size_t Find(const std::string& input, const std::string& labels);
  const std::vector<std::shared_ptr<const InputData>>& inputs() const {
    return inputs_;
  }
  // The number of samples with each label.
  const std::map<int32_t, size_t>& LabelCounts(size_t input) const {
    return label_counts_[input];
  }
  std::shared_ptr<const SampleSet> Samples(size_t input,
                                           const std::vector<int32_t>& classes,
                                           size_t most,
                                           Standardize standardize);
  std::shared_ptr<const std::vector<uint32_t>> Order(
      const std::shared_ptr<const SampleSet>& samples, uint64_t data_seed);

 private:
  InputReader reader_;
  std::vector<std::shared_ptr<const InputData>> inputs_;
  std::vector<std::map<int32_t, size_t>> label_counts_;
  std::map<std::pair<std::string, std::string>, size_t> index_;
  std::map<std::string, std::shared_ptr<const SampleSet>> samples_;
  std::map<std::pair<const SampleSet*, uint64_t>,
           std::shared_ptr<const std::vector<uint32_t>>>
      orders_;
};

}  // namespace initscope
