// A data set in memory, as it was read: one row per sample.
//
// Who reads it (io, called by cli) fills it once; runs share it read-only.
// Scaling to numbers (division by 255, standardization) is SampleSet's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace initscope {

struct InputData {
  std::string name;  // as the user wrote it, for messages and /inputs
  size_t samples = 0;
  size_t width = 0;
  // samples × width entries, row-major, in exactly one of the two.
  std::vector<uint8_t> bytes;  // uint8 arrays: they are divided by 255 in use
  std::vector<double> reals;   // every other type; all finite
  // Entry `index` as a number: bytes divided by 255.
  double Value(size_t index) const {
    return bytes.empty() ? reals[index] : bytes[index] / 255.0;
  }
  std::string sha256;         // of the decoded array, little-endian
  std::vector<size_t> shape;  // as stored, samples × …; flattened into width
  // One per sample, 0 … 65535; empty where the input has none.
  std::vector<int32_t> labels;
  // Of labels that are words: label i stands for class_names[i].
  std::vector<std::string> class_names;
  std::string labels_sha256;  // of the decoded labels; "" without labels
  // What else the user should know of how the file was read, a line each.
  std::vector<std::string> notes;
};

}  // namespace initscope
