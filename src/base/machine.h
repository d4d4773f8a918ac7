// The memory and the processor of this machine.
#pragma once

#include <filesystem>
#include <string>

namespace initscope {

// The memory that this process may have, including what it has already.
struct MemoryLimit {
  double bytes;
  // "this machine has", "'ulimit -v' leaves", "the control group /a leaves"
  std::string source;
};

// The least of what is free on the machine, of what is free in each control
// group of the process (its limit less the memory in use that cannot be freed),
// and of `ulimit -v` and `ulimit -d`. `root` is the folder of /proc and /sys.
MemoryLimit AvailableMemory(const std::filesystem::path& root = "/");

// AvailableMemory().bytes.
double MachineMemory();

// The bytes that this process uses, without what it has freed but keeps for
// later; and the most it has ever had.
double UsedMemory();
double PeakMemory();

// The present moment: "2026-01-31T12:00:00Z".
std::string UtcNow();

// The name of this machine in its network, or "unknown".
std::string HostName();

// The model name of the processor, or "unknown".
std::string CpuModel();

}  // namespace initscope
