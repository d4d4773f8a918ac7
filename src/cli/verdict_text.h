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

// GroupTable() of the verdicts, and how many groups are what.
std::string VerdictTable(const std::vector<RunGroup>& groups);

// An array with the keys, findings and numbers of every group.
nlohmann::ordered_json VerdictJson(const std::vector<RunGroup>& groups);

}  // namespace initscope
