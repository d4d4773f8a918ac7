// Reads a file that may be damaged so that the library that reads it crashes,
// loops or asks for all memory: HDF5 1.10 does each, in its global heap above
// all.
#pragma once

#include <functional>
#include <string>

namespace initscope {

// What `read` returns. It runs in a child process, whose CPU time and memory
// have limits that grow with the size of the file at `path`, far above what
// reading takes. Its exceptions are thrown here, too; where the child dies or
// meets its limits, a UserError (kData) says that the file is damaged. What
// `read` prints or changes is lost. REQUIRES: the process has one thread.
std::string GuardedRead(const std::string& path,
                        const std::function<std::string()>& read);

}  // namespace initscope
