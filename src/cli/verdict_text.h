// What info says about each group of runs that differ in their seeds alone.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/run_groups.h"

namespace initscope {

// GroupTable() of the verdicts, and how many groups have which worst finding.
std::string VerdictTable(const std::vector<RunGroup>& groups);

// An array with the keys, runs, findings and numbers of every group.
nlohmann::ordered_json VerdictJson(const std::vector<RunGroup>& groups);

// The end of `info --help`: a line "  word  meaning" for each finding, made
// from the constants that decide (report/verdict.h).
std::string VerdictHelp();

}  // namespace initscope
