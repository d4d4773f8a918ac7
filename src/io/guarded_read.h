// Reads files on whose damage the reading library may crash, loop or ask for
// all memory. HDF5 1.10 does each of these, above all in its global heap.
#pragma once

#include <functional>
#include <string>

namespace initscope {

// Runs `read` in a child process and returns its result. The child's CPU time
// and memory are limited to far more than reading a file of the size of the one
// at `path` takes. Exceptions of `read` are thrown here again; if the child
// dies or reaches its limits, a UserError (kData) says that the file is
// damaged. What `read` prints or changes is lost. REQUIRES: no other thread is
// at work.
std::string GuardedRead(const std::string& path,
                        const std::function<std::string()>& read);

}  // namespace initscope
