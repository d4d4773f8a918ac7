// What HDF5 says of its last failure.
#pragma once

#include <string>

namespace initscope {

// The innermost reason on the calling thread's error stack, that of the system
// where it has one: "No space left on device". Call it directly after the call
// that failed: the next one clears the stack. "unknown reason" if it is empty.
std::string Hdf5Reason();

}  // namespace initscope
