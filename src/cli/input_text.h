// A summary of the data that was read, so that users can see whether it is what
// they meant.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/experiment.h"

namespace initscope {

// For each data set: samples × features, the shape of a sample, mean, standard
// deviation, classes with their counts, and notes on what may not be as meant.
// "" if all inputs are drawn.
std::string InputText(const Experiment& experiment);

// The same as an array of objects.
nlohmann::ordered_json InputJson(const Experiment& experiment);

// Prints the text on stderr, unless --quiet.
void PrintInputs(const Experiment& experiment, const Options& options);

}  // namespace initscope
