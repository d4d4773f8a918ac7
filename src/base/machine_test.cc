#include "base/machine.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "base/file_tree_test.h"

namespace initscope {
namespace {

constexpr double kMiB = 1 << 20;

// A process that has 100 MiB in memory, of 1000 MiB of addresses, on a machine
// with 5000 MiB free.
std::map<std::string, std::string> Machine() {
  const long pages = (1 << 20) / sysconf(_SC_PAGESIZE);  // of a MiB
  const auto text = [&](long mib) { return std::to_string(mib * pages); };
  return {
      {"proc/self/statm",
       text(1000) + " " + text(100) + " 0 1 0 " + text(300) + " 0\n"},
      {"proc/meminfo",
       "MemTotal: 9000000 kB\nMemFree: 5 kB\nMemAvailable: 5120000 kB\n"},
      {"proc/self/limits",
       "Limit                     Soft Limit           Hard Limit  Units\n"
       "Max data size             unlimited            unlimited   bytes\n"
       "Max address space         unlimited            unlimited   bytes\n"},
      {"proc/self/mountinfo",
       "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
       "35 31 0:32 / /v1/memory rw - cgroup cgroup rw,memory\n"},
      {"proc/self/cgroup", "4:memory:/slurm/job\n0::/user.slice/shell\n"}};
}

MemoryLimit Least(const std::map<std::string, std::string>& more) {
  auto files = Machine();
  for (const auto& [path, text] : more) files[path] = text;
  return AvailableMemory(FileTree(files).root());
}

TEST(AvailableMemory, IsWhatIsFreeAndWhatIsOwn) {
  const MemoryLimit limit = Least({});
  EXPECT_EQ(limit.bytes, 5100 * kMiB);
  EXPECT_EQ(limit.source, "this machine has");
}

TEST(AvailableMemory, IsTheMachinesWhereNothingIsKnown) {
  const FileTree empty({});
  EXPECT_EQ(AvailableMemory(empty.root()).bytes,
            static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                static_cast<double>(sysconf(_SC_PAGESIZE)));
}

TEST(AvailableMemory, CountsWhatUlimitCounts) {
  const auto limits = [](const char* data, const char* space) {
    return std::string("Max data size      ") + data +
           " unlimited bytes\nMax address space  " + space +
           " unlimited bytes\n";
  };
  // 900 MiB of addresses and 200 MiB of data are not in memory.
  const MemoryLimit space =
      Least({{"proc/self/limits", limits("unlimited", "2097152000")}});
  EXPECT_EQ(space.bytes, 1100 * kMiB);
  EXPECT_EQ(space.source, "'ulimit -v' leaves");
  const MemoryLimit data =
      Least({{"proc/self/limits", limits("1048576000", "unlimited")}});
  EXPECT_EQ(data.bytes, 800 * kMiB);
  EXPECT_EQ(data.source, "'ulimit -d' leaves");
}

TEST(AvailableMemory, LooksIntoEveryGroupAbove) {
  for (const char* group : {"", "user.slice/", "user.slice/shell/"}) {
    const std::string folder = std::string("sys/fs/cgroup/") + group;
    const MemoryLimit limit = Least({{folder + "memory.max", "1048576000\n"}});
    EXPECT_EQ(limit.bytes, 1000 * kMiB) << group;
    EXPECT_NE(limit.source.find("control group /"), std::string::npos);
  }
  const MemoryLimit v1 =
      Least({{"v1/memory/slurm/memory.limit_in_bytes", "524288000"}});
  EXPECT_EQ(v1.bytes, 500 * kMiB);
  EXPECT_EQ(v1.source, "the control group /slurm leaves");
  // As much as v1 says where there is no limit, and as v2 says it.
  EXPECT_EQ(
      Least({{"v1/memory/slurm/memory.limit_in_bytes", "9223372036854771712"},
             {"sys/fs/cgroup/user.slice/memory.max", "max"}})
          .bytes,
      5100 * kMiB);
}

// 600 MiB are used, 200 of them for files and 100 by this process.
TEST(AvailableMemory, CountsWhatTheGroupUses) {
  const std::string folder = "sys/fs/cgroup/user.slice/";
  const MemoryLimit v2 =
      Least({{folder + "memory.max", "1048576000"},
             {folder + "memory.current", "629145600"},
             {folder + "memory.stat",
              "anon 1\ninactive_file 104857600\nactive_file 104857600\n"}});
  EXPECT_EQ(v2.bytes, (1000 - (600 - 200) + 100) * kMiB);
  const MemoryLimit v1 =
      Least({{"v1/memory/slurm/memory.limit_in_bytes", "1048576000"},
             {"v1/memory/slurm/memory.usage_in_bytes", "629145600"},
             {"v1/memory/slurm/memory.stat",
              "inactive_file 7\ntotal_inactive_file 209715200\n"}});
  EXPECT_EQ(v1.bytes, (1000 - (600 - 200) + 100) * kMiB);
}

TEST(AvailableMemory, IsThereForThisProcess) {
  const MemoryLimit limit = AvailableMemory();
  EXPECT_GT(limit.bytes, 0);
  EXPECT_FALSE(limit.source.empty());
}

TEST(UsedMemory, GrowsAndShrinksWithWhatIsHeld) {
  constexpr size_t kBytes = 100 << 20;
  const double before = UsedMemory();
  EXPECT_GT(before, 1e6);
  {
    const std::vector<char> block(kBytes, 1);
    EXPECT_GT(UsedMemory(), before + 0.9 * kBytes);
  }
#ifndef __SANITIZE_ADDRESS__  // which keeps what was freed for a while
  EXPECT_LT(UsedMemory(), before + 0.1 * kBytes);
#endif
  EXPECT_GE(PeakMemory(), before + 0.9 * kBytes);
}

}  // namespace
}  // namespace initscope
