// What info says of how far a group of runs is from its theory.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report/theory_comparison.h"

namespace initscope {

// Which quantities drift, from where; which agree; which have no band.
std::string TheoryVerdictText(const Comparisons& theory);

// Of every quantity that has a theory.
nlohmann::ordered_json ComparisonsJson(const Comparisons& theory);

}  // namespace initscope
