// A small data set, and runs from keys and values, for tests.
#pragma once

#include <map>
#include <string>

#include "spec/key_table.h"
#include "spec/resolve.h"

namespace initscope {

// Six samples of three features with labels 0, 1, 2, 0, 1, 2.
inline InputData SmallData(const std::string&, const std::string&) {
  InputData data;
  data.name = "small";
  data.samples = 6;
  data.width = 3;
  for (int i = 0; i < 18; ++i) {
    const int sample = i / 3;
    data.reals.push_back(i % 5 + sample);
  }
  for (size_t i = 0; i < 6; ++i) data.reals[3 * i + 2] = 7;  // constant
  data.labels = {0, 1, 2, 0, 1, 2};
  data.sha256 = "d1";
  data.labels_sha256 = "d2";
  return data;
}

inline SweepPoint PointOf(const std::map<std::string, std::string>& settings) {
  SweepPoint point;
  for (const auto& [key, value] : settings) point[key] = {value, "f:1"};
  return point;
}

inline RunSpec Resolve(const std::map<std::string, std::string>& settings) {
  InputCatalog catalog(SmallData);
  return ResolveRun(PointOf(settings), &catalog);
}

}  // namespace initscope
