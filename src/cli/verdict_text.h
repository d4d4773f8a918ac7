// What info says of each group of runs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/run_groups.h"
#include "sim/verdict.h"

namespace initscope {

// "vanishes (delta ×0.056 a layer, 10^-34 over 27 layers); consistent with …"
std::string VerdictText(const GroupVerdict& verdict);

// A line per group, at most kVerdictLines, and how many groups are what.
inline constexpr size_t kVerdictLines = 40;
std::string VerdictTable(const std::vector<RunGroup>& groups);

// An array with the keys, findings and numbers of every group.
nlohmann::ordered_json VerdictJson(const std::vector<RunGroup>& groups);

}  // namespace initscope
