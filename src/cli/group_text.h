// What info prints of groups of runs that differ in their seeds alone, beside
// its verdict.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/run_groups.h"

namespace initscope {

// Each of a group's lines behind its keys, below `heading` unless that is "".
// Of groups beyond kGroupLines it is only said how many they are.
inline constexpr size_t kGroupLines = 40;
std::string GroupTable(const std::vector<RunGroup>& groups,
                       const std::string& heading,
                       const std::vector<std::vector<std::string>>& lines);

// The keys that tell the group from the others.
nlohmann::ordered_json GroupKeysJson(const RunGroup& group);

// Medians of variances, at the first and the last step that was recorded.
std::string MediansTable(const std::vector<RunGroup>& groups);
nlohmann::ordered_json MediansJson(const std::vector<RunGroup>& groups);

// Loss, accuracy and divergence; of groups with training.
std::string TrainingTable(const std::vector<RunGroup>& groups);
nlohmann::ordered_json TrainingJson(const std::vector<RunGroup>& groups);

}  // namespace initscope
