#include "base/control_groups.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

namespace initscope {
namespace {

namespace fs = std::filesystem;

bool Lists(const std::string& comma_list, std::string_view name) {
  std::istringstream in(comma_list);
  for (std::string item; std::getline(in, item, ',');) {
    if (item == name) return true;
  }
  return false;
}

// Undoes mountinfo's \ooo for blanks and the like.
std::string Unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The process's group in the hierarchy of `controller`; "" means that of v2.
std::string OwnGroup(std::string_view controller, const fs::path& root) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // number:controllers:path
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? list.empty() : Lists(list, controller)) {
      return line.substr(second + 1);
    }
  }
  return "";
}

struct Mount {
  std::string group;   // the one that is mounted
  std::string folder;  // the mount point
};

// The mounts of the hierarchy of `controller`; "" means that of v2.
std::vector<Mount> Mounts(std::string_view controller, const fs::path& root) {
  std::vector<Mount> mounts;
  std::ifstream in(root / "proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    // 36 35 0:31 GROUP FOLDER options [tags] - TYPE device OPTIONS
    std::istringstream fields(line);
    std::string skip, group, folder, type, options;
    fields >> skip >> skip >> skip >> group >> folder;
    while (fields >> skip && skip != "-") continue;
    fields >> type >> skip >> options;
    if (controller.empty() ? type == "cgroup2"
                           : type == "cgroup" && Lists(options, controller)) {
      mounts.push_back({Unescaped(group), Unescaped(folder)});
    }
  }
  return mounts;
}

void AppendGroups(std::string_view controller, const fs::path& root,
                  std::vector<ControlGroup>* groups) {
  const std::string own = OwnGroup(controller, root);
  if (own.empty()) return;
  for (const Mount& mount : Mounts(controller, root)) {
    // The own group is below the mounted one, or else, as it may seem inside a
    // container, only the mounted one is visible.
    const fs::path below = fs::path(own).lexically_relative(mount.group);
    const bool inside = !below.empty() && *below.begin() != "..";
    const fs::path top = root / fs::path(mount.folder).relative_path();
    fs::path group = inside ? fs::path(own) : fs::path(mount.group);
    fs::path folder = (inside ? top / below : top).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    while (true) {
      groups->push_back({folder, group.string(), controller.empty()});
      if (folder == top || !folder.has_relative_path()) break;
      folder = folder.parent_path();
      group = group.parent_path();
    }
  }
}

// The quota of one group in CPUs; NaN without one.
double QuotaOf(const ControlGroup& group) {
  if (group.is_v2) {  // "QUOTA PERIOD", or "max PERIOD"
    std::ifstream in(group.folder / "cpu.max");
    double quota = 0, period = 0;
    if (in >> quota >> period && period > 0) return quota / period;
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double quota = ControlGroupNumber(group.folder / "cpu.cfs_quota_us");
  const double period = ControlGroupNumber(group.folder / "cpu.cfs_period_us");
  return quota > 0 && period > 0 ? quota / period
                                 : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<ControlGroup> ControlGroups(std::string_view controller,
                                        const fs::path& root) {
  std::vector<ControlGroup> groups;
  AppendGroups(controller, root, &groups);
  AppendGroups("", root, &groups);
  return groups;
}

double ControlGroupNumber(const fs::path& file) {
  double value = 0;
  std::ifstream in(file);
  return in >> value ? value : std::numeric_limits<double>::quiet_NaN();
}

size_t CpuQuota(const fs::path& root) {
  double least = std::numeric_limits<double>::infinity();
  for (const ControlGroup& group : ControlGroups("cpu", root)) {
    const double quota = QuotaOf(group);
    if (quota < least) least = quota;
  }
  // 1e-6, so that rounding cannot make 3 of a quota of 2 CPUs.
  return least < 1e6
             ? static_cast<size_t>(std::max(1.0, std::ceil(least - 1e-6)))
             : SIZE_MAX;
}

}  // namespace initscope
