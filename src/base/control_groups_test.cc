#include "base/control_groups.h"

#include <gtest/gtest.h>

#include "base/file_tree_test.h"

namespace initscope {
namespace {

constexpr char kV2[] =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
constexpr char kV1[] =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup "
    "rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw shared:1 - cgroup cgroup "
    "rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST(ControlGroups, AreTheOwnOneAndThoseAbove) {
  const FileTree tree({{"proc/self/mountinfo", kV2},
                       {"proc/self/cgroup", "0::/user.slice/shell.scope\n"}});
  const auto groups = ControlGroups("memory", tree.root());
  ASSERT_EQ(groups.size(), 3u);
  const auto top = tree.root() / "sys/fs/cgroup";
  EXPECT_EQ(groups[0].folder, top / "user.slice/shell.scope");
  EXPECT_EQ(groups[0].name, "/user.slice/shell.scope");
  EXPECT_EQ(groups[1].folder, top / "user.slice");
  EXPECT_EQ(groups[2].folder, top);
  EXPECT_EQ(groups[2].name, "/");
  EXPECT_TRUE(groups[0].is_v2);
}

TEST(ControlGroups, AreThoseOfTheController) {
  const FileTree tree({{"proc/self/mountinfo", kV1},
                       {"proc/self/cgroup",
                        "4:memory:/slurm/job_7\n2:cpu,cpuacct:/jobs\n0::/\n"}});
  const auto memory = ControlGroups("memory", tree.root());
  ASSERT_EQ(memory.size(), 4u);  // and v2's root
  EXPECT_EQ(memory[0].folder, tree.root() / "sys/fs/cgroup/memory/slurm/job_7");
  EXPECT_FALSE(memory[0].is_v2);
  const auto cpu = ControlGroups("cpu", tree.root());
  ASSERT_EQ(cpu.size(), 3u);
  EXPECT_EQ(cpu[0].folder, tree.root() / "sys/fs/cgroup/cpu,cpuacct/jobs");
  EXPECT_TRUE(cpu[2].is_v2);
}

// A container sees its own group mounted, under its name outside.
TEST(ControlGroups, BelowTheGroupThatIsMounted) {
  const char* mount =
      "30 23 0:26 /docker/ab /my\\040groups rw - cgroup2 cgroup2 rw\n";
  const FileTree same({{"proc/self/mountinfo", mount},
                       {"proc/self/cgroup", "0::/docker/ab/x\n"}});
  const auto groups = ControlGroups("cpu", same.root());
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].folder, same.root() / "my groups/x");
  EXPECT_EQ(groups[1].folder, same.root() / "my groups");
  EXPECT_EQ(groups[1].name, "/docker/ab");
  for (const char* other : {"0::/elsewhere\n", "0::/../../x\n"}) {
    const FileTree tree(
        {{"proc/self/mountinfo", mount}, {"proc/self/cgroup", other}});
    const auto seen = ControlGroups("cpu", tree.root());
    ASSERT_EQ(seen.size(), 1u) << other;
    EXPECT_EQ(seen[0].folder, tree.root() / "my groups") << other;
  }
}

TEST(ControlGroups, AreNoneWithoutProc) {
  const FileTree empty({});
  EXPECT_TRUE(ControlGroups("cpu", empty.root()).empty());
  EXPECT_EQ(CpuQuota(empty.root()), SIZE_MAX);
  const FileTree odd({{"proc/self/mountinfo", "nonsense\n\n"},
                      {"proc/self/cgroup", "nonsense\n::\n:"}});
  EXPECT_TRUE(ControlGroups("cpu", odd.root()).empty());
}

TEST(CpuQuota, IsTheLeastOfAllAboveRoundedUp) {
  struct Case {
    const char *own, *above;
    size_t cpus;
  };
  constexpr Case kCases[] = {{"max 100000", "max 100000", SIZE_MAX},
                             {"150000 100000", "max 1", 2},
                             {"max 100000", "300000 100000", 3},
                             {"400000 100000", "50000 50000", 1},
                             {"1000 100000", "max 100000", 1},
                             {"200000 100000", "max 100000", 2},
                             {"", "junk", SIZE_MAX}};
  for (const Case& c : kCases) {
    const FileTree tree({{"proc/self/mountinfo", kV2},
                         {"proc/self/cgroup", "0::/a/b/c\n"},
                         {"sys/fs/cgroup/a/b/c/cpu.max", c.own},
                         {"sys/fs/cgroup/a/cpu.max", c.above}});
    EXPECT_EQ(CpuQuota(tree.root()), c.cpus) << c.own << ", " << c.above;
  }
}

TEST(CpuQuota, OfTheFirstVersion) {
  const std::string folder = "sys/fs/cgroup/cpu,cpuacct/jobs/";
  for (const auto& [quota, cpus] :
       {std::pair("-1", size_t{SIZE_MAX}), std::pair("250000", size_t{3})}) {
    const FileTree tree({{"proc/self/mountinfo", kV1},
                         {"proc/self/cgroup", "2:cpu,cpuacct:/jobs/own\n"},
                         {folder + "cpu.cfs_quota_us", quota},
                         {folder + "cpu.cfs_period_us", "100000"}});
    EXPECT_EQ(CpuQuota(tree.root()), cpus) << quota;
  }
}

}  // namespace
}  // namespace initscope
