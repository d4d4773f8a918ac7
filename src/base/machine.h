// What the machine offers.
#pragma once

namespace initscope {

// Bytes of memory that this process may use: the machine's, or its control
// group's limit where that is less.
double MachineMemory();

}  // namespace initscope
