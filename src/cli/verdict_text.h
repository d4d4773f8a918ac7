// What info says of each group of runs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/run_groups.h"
#include "report/verdict.h"

namespace initscope {

// Of one of its findings: "vanishes (delta shrinks 10^34 × over 27 layers)";
// of what says whether theory agrees, with the numbers.
std::string FindingText(const GroupVerdict& verdict, Finding finding);

// All of them, for figures and tables: what says whether theory agrees without
// numbers, or left out.
std::string SummaryText(const GroupVerdict& verdict, bool with_theory);

// All of them.
std::string VerdictText(const GroupVerdict& verdict);

// GroupTable() of the verdicts, and how many groups are what.
std::string VerdictTable(const std::vector<RunGroup>& groups);

// An array with the keys, runs, findings and numbers of every group.
nlohmann::ordered_json VerdictJson(const std::vector<RunGroup>& groups);

}  // namespace initscope
