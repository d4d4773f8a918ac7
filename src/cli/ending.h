// How a command ends: interrupted, or with its results in a file and a summary.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cli/experiment.h"
#include "cli/interrupt.h"
#include "io/publish.h"

namespace initscope {

// Reports how many of the runs were complete at the interruption, and
// `outcome`: what became of them. Returns the exit code.
int EndInterrupted(const InterruptFlag& interrupt, size_t complete, size_t runs,
                   std::string_view outcome = "; nothing was written");

// Reports the file that was written: with --json, its path and `json` on
// stdout; without --quiet, `summary`, its path and its size on stderr.
void Tell(const Options& options, const OutputFile& output,
          const nlohmann::ordered_json& json, const std::string& summary);

}  // namespace initscope
