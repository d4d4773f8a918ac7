// What the words of a verdict mean, from the constants that decide.
#pragma once

#include <string>

namespace initscope {

// Of `info --help`: a line "  word  meaning" for each finding.
std::string VerdictHelp();

}  // namespace initscope
