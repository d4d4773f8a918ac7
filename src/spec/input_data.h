// A data set in memory, as it was read: one row per sample.
//
// The reader (io) fills it once; runs share it read-only. Division by 255 and
// standardization are up to SampleSet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace initscope {

struct InputData {
  std::string name;  // as the user wrote it, for messages and /inputs
  size_t samples = 0;
  size_t width = 0;
  // samples × width entries, row-major, in exactly one of the two vectors.
  std::vector<uint8_t> bytes;  // uint8 arrays; divided by 255 in use
  std::vector<double> reals;   // every other type; all finite
  // Entry `index`; bytes are divided by 255.
  double Value(size_t index) const {
    return bytes.empty() ? reals[index] : bytes[index] / 255.0;
  }
  std::string sha256;         // of the decoded array, little-endian
  std::vector<size_t> shape;  // as stored, samples × …; flattened into width
  // One per sample, 0 … 65535; empty if the input has none.
  std::vector<int32_t> labels;
  // If labels are words: label i stands for class_names[i].
  std::vector<std::string> class_names;
  std::string labels_sha256;  // of the decoded labels; "" without labels
  // What else to tell the user about how the file was read, one line each.
  std::vector<std::string> notes;
};

// Mean and standard deviation of all entries; divisor: their number.
struct InputSummary {
  double mean = 0;
  double standard_deviation = 0;
};
InputSummary Summarize(const InputData& data);

// The number of samples with each label.
std::map<int32_t, size_t> CountLabels(const InputData& data);

}  // namespace initscope
