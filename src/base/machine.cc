#include "base/machine.h"

#include <fmt/chrono.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/control_groups.h"
#include "base/memory.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

// The rest of the first line that begins with `key`; "" without one.
std::string TextBehind(const fs::path& file, std::string_view key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key)) return line.substr(key.size());
  }
  return "";
}

std::optional<double> NumberBehind(const fs::path& file, std::string_view key) {
  std::istringstream rest(TextBehind(file, key));
  double value = 0;
  if (rest >> value) return value;
  return std::nullopt;
}

// The memory of this process, in bytes (/proc/self/statm).
struct Use {
  double virtual_size = 0, resident = 0, data = 0;
};
Use OwnUse(const fs::path& root) {
  std::ifstream in(root / "proc/self/statm");
  double size = 0, resident = 0, shared = 0, text = 0, unused = 0, data = 0;
  if (!(in >> size >> resident >> shared >> text >> unused >> data)) return {};
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  return {size * page, resident * page, data * page};
}

// What `group` leaves to this process, `resident` bytes included.
std::optional<double> RoomIn(const ControlGroup& group, double resident) {
  const fs::path& folder = group.folder;
  const double limit = ControlGroupNumber(
      folder / (group.is_v2 ? "memory.max" : "memory.limit_in_bytes"));
  if (!(limit >= 0)) return std::nullopt;
  const double used = ControlGroupNumber(
      folder / (group.is_v2 ? "memory.current" : "memory.usage_in_bytes"));
  if (!(used >= 0)) return limit;
  // Cached files are given up when memory is short.
  const std::string prefix = group.is_v2 ? "" : "total_";
  const double cache =
      NumberBehind(folder / "memory.stat", prefix + "inactive_file ")
          .value_or(0) +
      NumberBehind(folder / "memory.stat", prefix + "active_file ").value_or(0);
  return limit - std::max(0.0, used - cache) + resident;
}

}  // namespace

MemoryLimit AvailableMemory(const fs::path& root) {
  const Use use = OwnUse(root);
  MemoryLimit least = {static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                           static_cast<double>(sysconf(_SC_PAGESIZE)),
                       "this machine has"};
  const auto limit = [&least](std::optional<double> bytes,
                              const std::string& source) {
    if (bytes && *bytes < least.bytes) least = {std::max(0.0, *bytes), source};
  };
  const auto kib = NumberBehind(root / "proc/meminfo", "MemAvailable:");
  if (kib) {
    limit(1024 * *kib + use.resident, "this machine has");
  }
  // These limits also count memory that never becomes resident, such as code
  // and stacks.
  const fs::path limits = root / "proc/self/limits";
  if (const auto bytes = NumberBehind(limits, "Max address space")) {
    limit(*bytes - std::max(0.0, use.virtual_size - use.resident),
          "'ulimit -v' leaves");
  }
  if (const auto bytes = NumberBehind(limits, "Max data size")) {
    limit(*bytes - std::max(0.0, use.data - use.resident),
          "'ulimit -d' leaves");
  }
  for (const ControlGroup& group : ControlGroups("memory", root)) {
    limit(RoomIn(group, use.resident),
          "the control group " + group.name + " leaves");
  }
  return least;
}

double MachineMemory() { return AvailableMemory().bytes; }

double UsedMemory() {
  const double resident = OwnUse("/").resident;
  return std::max(0.0, resident - static_cast<double>(mallinfo2().fordblks +
                                                      FreeTensorMemory()));
}

double PeakMemory() {
  // getrusage() would also count what the process was before exec().
  return 1024 * NumberBehind("/proc/self/status", "VmHWM:").value_or(0);
}

std::string UtcNow() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
}

std::string CpuModel() {
  const std::string text = TextBehind("/proc/cpuinfo", "model name");
  const size_t colon = text.find(": ");
  return colon == std::string::npos ? "unknown" : text.substr(colon + 2);
}

}  // namespace initscope
