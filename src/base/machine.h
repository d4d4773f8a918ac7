// What the machine offers.
#pragma once

#include <filesystem>
#include <string>

namespace initscope {

// The memory that this process may have, with what it has already.
struct MemoryLimit {
  double bytes;
  // "this machine has", "'ulimit -v' leaves", "the control group /a leaves"
  std::string source;
};

// The least of what is free on the machine and in each control group that the
// process is in (their limits less what is used and could not be freed), and of
// `ulimit -v` and `ulimit -d`. `root` is where /proc and /sys are.
MemoryLimit AvailableMemory(const std::filesystem::path& root = "/");

// Its bytes.
double MachineMemory();

// Bytes of memory that this process uses, without what it has freed and keeps
// for later; and that it has had at most.
double UsedMemory();
double PeakMemory();

// What the processor calls itself, or "unknown".
std::string CpuModel();

}  // namespace initscope
