// What the machine offers.
#pragma once

#include <string>

namespace initscope {

// Bytes of memory that this process may use: the machine's, or its control
// group's limit where that is less.
double MachineMemory();

// What the processor calls itself, or "unknown".
std::string CpuModel();

}  // namespace initscope
