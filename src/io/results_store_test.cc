#include "io/results_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file_tree_test.h"
#include "base/machine.h"
#include "engine/oracle_test.h"
#include "io/publish.h"
#include "io/results_reader.h"
#include "io/results_writer.h"
#include "io/store_sink.h"
#include "sweep/result_sink_test.h"
#include "sweep/run_cost.h"
#include "sweep/scheduler.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kSwept = {"activation", "init", "depth"};

// Depths differ, so that runs have different numbers of rows; lsuv fails.
std::vector<RunSpec> SomeRuns() {
  std::vector<RunSpec> runs;
  for (const char* activation : {"relu", "tanh"}) {
    for (const char* init : {"he_normal", "lsuv"}) {
      for (const char* depth : {"2", "5", "3"}) {
        runs.push_back(MakeRun({{"activation", activation},
                                {"init", init},
                                {"depth", depth},
                                {"input_variance", "0"},
                                {"width", "6"},
                                {"batch", "4"}}));
      }
    }
  }
  return runs;
}

void Write(const std::vector<RunSpec>& runs,
           const std::vector<RunResult>& results, Hdf5Writer* writer) {
  WriteResults({"a", "", "", "then"}, runs, results, kSwept, {}, writer);
}

std::vector<uint64_t> IdsOf(const std::vector<RunSpec>& runs) {
  std::vector<uint64_t> ids;
  for (const RunSpec& run : runs) ids.push_back(run.run_id);
  return ids;
}

// All columns of a file, with their attributes.
std::map<std::string, ColumnValues> ColumnsOf(const fs::path& path) {
  const ResultsReader file(path.string());
  std::map<std::string, ColumnValues> columns;
  for (const std::string& group : file.Members("/")) {
    if (group == "categories") continue;  // of several lengths
    for (const std::string& name : file.Members("/" + group)) {
      const std::string column = "/" + group + "/" + name;
      columns[column] = file.Column(column);
      for (const char* key :
           {"long_name", "formula", "role", "flag_meanings"}) {
        columns[column + "@" + key] =
            std::vector<std::string>{file.Text(column, key)};
      }
      columns[column + "@swept"] =
          std::vector<int64_t>{file.Number(column, "swept")};
    }
  }
  return columns;
}

// NaN is NaN.
bool SameValues(const ColumnValues& a, const ColumnValues& b) {
  const auto* x = std::get_if<std::vector<double>>(&a);
  const auto* y = std::get_if<std::vector<double>>(&b);
  return x != nullptr && y != nullptr ? SameBits(*x, *y) : a == b;
}

void ExpectTheSame(const fs::path& file, const fs::path& other) {
  const auto expected = ColumnsOf(other);
  const auto found = ColumnsOf(file);
  for (const auto& [name, values] : found) {
    EXPECT_TRUE(expected.contains(name)) << name;
  }
  for (const auto& [name, values] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_TRUE(SameValues(values, found.at(name))) << name;
  }
}

TEST(ResultsStore, MergesToWhatIsWrittenAtOnce) {
  const FileTree tree{{}};
  const std::vector<RunSpec> runs = SomeRuns();
  const std::vector<RunResult> results = ResultsOf(RunSweep, runs, {1});
  OutputFile whole(tree.root() / "whole.h5", false);
  Publish(&whole, [&](Hdf5Writer* writer) { Write(runs, results, writer); });
  {
    ResultsStore store(tree.root() / "merged.h5",
                       ResultsStore::Access::kLocked);
    for (const std::vector<size_t>& part :
         std::vector<std::vector<size_t>>{{7, 2, 11}, {0}, {10, 9, 8, 1, 3}}) {
      std::vector<RunSpec> some;
      std::vector<RunResult> of_some;
      std::vector<RunStatus> status;
      for (const size_t i : part) {
        some.push_back(runs[i]);
        of_some.push_back(results[i]);
        status.push_back(results[i].status());
      }
      store.AddPart(IdsOf(some), status,
                    [&](Hdf5Writer* writer) { Write(some, of_some, writer); });
    }
    EXPECT_EQ(store.runs().size(), 9u);
  }
  // Another process goes on.
  ResultsStore store(tree.root() / "merged.h5", ResultsStore::Access::kLocked);
  EXPECT_EQ(store.runs().size(), 9u);
  EXPECT_EQ(store.StatusOf(runs[0].run_id), RunStatus::kComplete);
  EXPECT_EQ(store.StatusOf(runs[3].run_id), RunStatus::kFailed);
  std::vector<size_t> places;
  StoreSink<RunSpec, RunResult> sink(
      3, Write, &store,
      [&](size_t place, const RunResult&) { places.push_back(place); });
  std::vector<RunSpec> block = {runs[4]};
  sink.Begin(block, 0);
  sink.Take(0, results[4]);
  block = {runs[5], runs[6]};
  sink.Begin(block, 1);
  for (const size_t k : {1, 0}) sink.Take(k, results[5 + k]);
  EXPECT_EQ(places, (std::vector<size_t>{0, 2, 1}));
  EXPECT_EQ(sink.taken(), 3u);
  sink.Commit();
  OutputFile merged(tree.root() / "merged.h5", false);
  Publish(&merged, [&](Hdf5Writer* writer) {
    WriteRoot({"a", "", "", "then"}, writer);
    store.Merge(IdsOf(runs), writer);
  });
  ExpectTheSame(tree.root() / "merged.h5", tree.root() / "whole.h5");
  EXPECT_FALSE(fs::is_empty(store.folder()));
  store.Remove(IdsOf(runs));
  for (const auto& entry : fs::directory_iterator(store.folder())) {
    EXPECT_EQ(entry.path().filename(), "lock");
  }
}

// More than are open at the same time.
TEST(ResultsStore, MergesManyParts) {
  const FileTree tree{{}};
  std::vector<RunSpec> runs;
  for (int i = 0; i < 11; ++i) {
    runs.push_back(MakeRun({{"activation", i % 2 ? "relu" : "tanh"},
                            {"depth", std::to_string(1 + i / 2)},
                            {"width", "4"},
                            {"batch", "4"}}));
  }
  const std::vector<RunResult> results = ResultsOf(RunSweep, runs, {1});
  OutputFile whole(tree.root() / "whole.h5", false);
  Publish(&whole, [&](Hdf5Writer* writer) { Write(runs, results, writer); });
  ResultsStore store(tree.root() / "merged.h5", ResultsStore::Access::kLocked);
  for (size_t k = 0; k < runs.size(); ++k) {
    const size_t i = k * 7 % runs.size();  // in any order
    store.AddPart(
        {runs[i].run_id}, {results[i].status()},
        [&](Hdf5Writer* writer) { Write({runs[i]}, {results[i]}, writer); });
  }
  OutputFile merged(tree.root() / "merged.h5", false);
  Publish(&merged, [&](Hdf5Writer* writer) {
    WriteRoot({"a", "", "", "then"}, writer);
    store.Merge(IdsOf(runs), writer, /*most_open=*/3);
  });
  ExpectTheSame(tree.root() / "merged.h5", tree.root() / "whole.h5");
  // What one process has joined another finds, here or in the parts alone.
  const auto there = [&] {
    return ResultsStore(tree.root() / "merged.h5", ResultsStore::Access::kRead)
        .runs()
        .size();
  };
  EXPECT_EQ(there(), runs.size());
  fs::remove(tree.root() / "merged.h5");
  EXPECT_EQ(there(), runs.size());
  store.Remove(IdsOf(runs));
  EXPECT_EQ(there(), 0u);
}

// Parts are not compressed; names and attributes come to 0.3 MB. The columns of
// /runs, which are not counted one by one, are within a tenth.
TEST(ResultsStore, HasPartsOfTheExpectedSize) {
  struct Sweep {
    int depth, runs;
  };
  const FileTree tree{{}};
  for (const Sweep& sweep : {Sweep{30, 330}, Sweep{2, 5000}}) {
    std::vector<RunSpec> runs;
    double expected = 0;
    for (int seed = 0; seed < sweep.runs; ++seed) {
      runs.push_back(MakeRun({{"seed", std::to_string(seed)},
                              {"depth", std::to_string(sweep.depth)},
                              {"width", "2"},
                              {"batch", "2"}}));
      expected += FileBytes(runs.back(), /*theory=*/true);
    }
    const std::vector<RunResult> results = ResultsOf(RunSweep, runs, {1});
    ResultsStore store(tree.root() / std::to_string(sweep.depth),
                       ResultsStore::Access::kLocked);
    store.AddPart(IdsOf(runs), std::vector<RunStatus>(runs.size()),
                  [&](Hdf5Writer* writer) { Write(runs, results, writer); });
    const auto size = static_cast<double>(fs::file_size(store.FirstFile()));
    EXPECT_GT(expected, 4e6);
    EXPECT_NEAR(size, expected, 0.1 * expected + 0.3e6) << sweep.depth;
  }
}

// A run that failed and was computed again, say.
TEST(ResultsStore, KnowsTheLaterOfTwoParts) {
  const FileTree tree{{}};
  const std::vector<RunSpec> runs = {SomeRuns()[0]};
  const std::vector<RunResult> results = ResultsOf(RunSweep, runs, {1});
  ResultsStore store(tree.root() / "a.h5", ResultsStore::Access::kLocked);
  for (const RunStatus status : {RunStatus::kFailed, RunStatus::kComplete}) {
    store.AddPart({runs[0].run_id}, {status},
                  [&](Hdf5Writer* writer) { Write(runs, results, writer); });
    EXPECT_EQ(store.StatusOf(runs[0].run_id), status);
  }
  EXPECT_EQ(store.Find(runs[0].run_id)->part, 1u);
  EXPECT_EQ(store.RunIds(), IdsOf(runs));
  EXPECT_EQ(store.Find(runs[0].run_id + 1), nullptr);
}

TEST(ResultsStore, IsLockedWhileItIsOpen) {
  const FileTree tree{{}};
  const fs::path output = tree.root() / "a.h5";
  {
    const ResultsStore store(output, ResultsStore::Access::kLocked);
    try {
      const ResultsStore second(output, ResultsStore::Access::kLocked);
      ADD_FAILURE() << "opened twice";
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kBusy);
      EXPECT_THAT(error.what(),
                  testing::ContainsRegex("a.h5.parts: process [0-9]+ on "));
    }
    EXPECT_TRUE(fs::exists(store.folder() / "lock"));
    const ResultsStore looked(output, ResultsStore::Access::kRead);
    ASSERT_EQ(looked.Holders().size(), 1u);
    EXPECT_EQ(looked.Holders()[0].who.find("process "), 0u);
  }
  const ResultsStore left(output, ResultsStore::Access::kRead);
  EXPECT_TRUE(left.Holders().empty());
  EXPECT_TRUE(fs::is_empty(tree.root()));
  const ResultsStore third(output, ResultsStore::Access::kLocked);
}

// The last shard to end has the store for itself.
TEST(ResultsStore, IsSharedByShards) {
  const FileTree tree{{}};
  const fs::path output = tree.root() / "a.h5";
  const std::vector<RunSpec> runs = SomeRuns();
  const std::vector<RunResult> results = ResultsOf(RunSweep, runs, {1});
  {
    constexpr auto kLocked = ResultsStore::Access::kLocked;
    ResultsStore first(output, kLocked, {0, 2});
    std::optional<ResultsStore> second(std::in_place, output, kLocked,
                                       Shard{1, 2});
    EXPECT_THROW(ResultsStore(output, kLocked), UserError);
    EXPECT_THROW(ResultsStore(output, kLocked, {1, 2}), UserError);
    second->AddPart({runs[0].run_id}, {RunStatus::kComplete},
                    [&](Hdf5Writer* writer) {
                      WriteResults({}, {runs[0]}, {results[0]}, {}, {}, writer);
                    });
    EXPECT_FALSE(second->TakeOver());  // the first is at work
    second.reset();
    ASSERT_EQ(first.Holders().size(), 2u);
    EXPECT_NE(first.Holders()[0].who, "");
    EXPECT_EQ(first.Holders()[1].who, "");
    EXPECT_FALSE(first.StatusOf(runs[0].run_id));
    EXPECT_TRUE(first.TakeOver());
    EXPECT_EQ(first.StatusOf(runs[0].run_id), RunStatus::kComplete);
    EXPECT_THROW(ResultsStore(output, kLocked, {1, 2}), UserError);
    first.Remove({runs[0].run_id});
  }
  EXPECT_TRUE(fs::is_empty(tree.root()));
}

TEST(ResultsStore, RemovesOnlyPartsOfTheseRuns) {
  const FileTree tree{{}};
  const std::vector<RunSpec> runs = SomeRuns();
  const std::vector<RunResult> results = ResultsOf(RunSweep, runs, {1});
  std::optional<ResultsStore> store(std::in_place, tree.root() / "a.h5",
                                    ResultsStore::Access::kLocked);
  const fs::path folder = store->folder();
  for (size_t i = 0; i < 2; ++i) {
    store->AddPart(
        {runs[i].run_id}, {results[i].status()},
        [&](Hdf5Writer* writer) { Write({runs[i]}, {results[i]}, writer); });
  }
  store->Remove({runs[1].run_id});
  size_t parts = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    parts += entry.path().extension() == ".h5";
  }
  EXPECT_EQ(parts, 1u);
  // Nothing of a killed process keeps the folder.
  for (const std::string& host : {HostName(), std::string("another-host")}) {
    std::ofstream(folder / (".b.h5.initscope-" + host + "-abcdef")) << "x";
  }
  store->Remove({runs[0].run_id});
  store.reset();
  EXPECT_FALSE(fs::exists(folder));
}

}  // namespace
}  // namespace initscope
