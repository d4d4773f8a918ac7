// Predictions for a human's eye, and for other programs.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sweep/theory_sweep.h"

namespace initscope {

// One object per network: its keys, its fixed points where its hidden layers
// are square, and an array per column.
nlohmann::ordered_json TheoryJson(const Prediction& prediction,
                                  const TheoryTables& tables);

// To stdout: the fixed points and a table of rows per network; of many
// networks the first ones, of deep ones some rows.
void PrintTheory(const Prediction& prediction, const TheoryTables& tables);

}  // namespace initscope
