// What info prints about groups of runs that differ in their seeds alone, apart
// from the verdict.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/run_groups.h"

namespace initscope {

// A table with each line of each group after the group's keys, below `heading`
// unless that is "". Shows the first 40 groups, and how many more there are.
std::string GroupTable(const std::vector<RunGroup>& groups,
                       const std::string& heading,
                       const std::vector<std::vector<std::string>>& lines);

// The keys that distinguish the group from the others.
nlohmann::ordered_json GroupKeysJson(const RunGroup& group);

// Medians of variances, at the first and the last recorded step.
std::string MediansTable(const std::vector<RunGroup>& groups);
nlohmann::ordered_json MediansJson(const std::vector<RunGroup>& groups);

// Loss, accuracy and divergence of the groups that were trained.
std::string TrainingTable(const std::vector<RunGroup>& groups);
nlohmann::ordered_json TrainingJson(const std::vector<RunGroup>& groups);

}  // namespace initscope
