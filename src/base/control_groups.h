// What the control groups of this process allow (Linux cgroups, v1 and v2).
//
// A group's limit holds for all that it contains, so what counts is the least
// of the process's own group (/proc/self/cgroup) and those above it, up to what
// is mounted (/proc/self/mountinfo). `root` is the folder where /proc and /sys
// are; tests have one of their own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace initscope {

struct ControlGroup {
  std::filesystem::path folder;
  std::string name;  // as in /proc/self/cgroup: "/user.slice/shell"
  bool is_v2;
};

// The groups that `controller` ("memory", "cpu") may limit this process in,
// its own before those above it.
std::vector<ControlGroup> ControlGroups(std::string_view controller,
                                        const std::filesystem::path& root);

// The number in a group's file; NaN where there is none ("max").
double ControlGroupNumber(const std::filesystem::path& file);

// How many CPUs' time this process may use, rounded up; SIZE_MAX where there is
// no quota (cpu.max; cpu.cfs_quota_us of v1).
size_t CpuQuota(const std::filesystem::path& root = "/");

}  // namespace initscope
