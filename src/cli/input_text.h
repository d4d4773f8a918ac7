// What was read from data files, for the user to see that it is what was meant.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/experiment.h"

namespace initscope {

// Lines on each data set: samples × features, how it was stored, mean, standard
// deviation, classes with their counts, and what may not be as meant. "" where
// inputs are drawn.
std::string InputText(const Experiment& experiment);

// The same as an array of objects.
nlohmann::ordered_json InputJson(const Experiment& experiment);

// Prints the text on stderr, but for --quiet.
void PrintInputs(const Experiment& experiment, const Options& options);

}  // namespace initscope
