// The limits that control groups set to this process (Linux cgroups, v1 and
// v2).
//
// A group's limit holds for everything inside it. What counts is the least
// limit of the process's own group (/proc/self/cgroup) and the groups above it,
// up to the one that is mounted (/proc/self/mountinfo). `root` is the folder of
// /proc and /sys; tests pass one of their own.
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

// The groups in which `controller` ("memory", "cpu") may limit this process,
// its own before those above it.
std::vector<ControlGroup> ControlGroups(std::string_view controller,
                                        const std::filesystem::path& root);

// The number in a group's file; NaN if there is none ("max").
double ControlGroupNumber(const std::filesystem::path& file);

// The number of CPUs whose time this process may use, rounded up; SIZE_MAX
// without a quota (v2: cpu.max, v1: cpu.cfs_quota_us).
size_t CpuQuota(const std::filesystem::path& root = "/");

}  // namespace initscope
