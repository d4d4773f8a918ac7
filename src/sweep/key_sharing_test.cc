// Runs that differ in one key share nothing that depends on it, whichever key
// it is: a sweep computes what its runs compute alone, to the bit.

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "spec/small_data_test.h"
#include "sweep/result_sink_test.h"
#include "sweep/scheduler.h"

namespace initscope {
namespace {

using Values = std::map<std::string, std::string>;

const Values kDrawn = {{"depth", "3"},
                       {"width", "8"},
                       {"batch", "5"},
                       {"loss", "mse"},
                       {"gain", "1.2"}};
const Values kZero = {{"depth", "3"},   {"width", "8"},
                      {"batch", "5"},   {"loss", "mse"},
                      {"init", "zero"}, {"activation", "relu"}};
const Values kConstant = {{"depth", "3"},
                          {"width", "8"},
                          {"batch", "5"},
                          {"loss", "probe"},
                          {"init", "constant"}};
const Values kData = {
    {"input", "small"}, {"depth", "3"}, {"width", "8"}, {"batch", "4"}};

// `base` with `key` at its example; none where the two do not go together, or
// the key is none of what a run computes.
std::optional<RunSpec> Changed(Values base, const Key& key,
                               InputCatalog* catalog) {
  if (key.name == "shape") {
    base.erase("depth");
    base.erase("width");
  }
  // Of six samples.
  base[std::string(key.name)] = key.name == "samples" ? "5" : key.example;
  try {
    return ResolveRun(PointOf(base), catalog);
  } catch (const UserError&) {
    return std::nullopt;
  }
}

std::vector<RunResult> Sweep(const std::vector<RunSpec>& runs) {
  return ResultsOf(RunSweep, runs, {1});
}

void ExpectLikeAlone(const std::vector<RunSpec>& runs, std::string_view key) {
  const std::vector<RunResult> together = Sweep(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    const RunResult alone = Sweep({runs[i]})[0];
    EXPECT_TRUE(SameBits(together[i].statistics, alone.statistics)) << key;
    EXPECT_TRUE(SameBits(together[i].theory, alone.theory)) << key;
    EXPECT_EQ(together[i].loss_value, alone.loss_value) << key;
    EXPECT_EQ(together[i].jacobian.size(), alone.jacobian.size()) << key;
  }
}

TEST(KeySharing, NoKeyIsForgotten) {
  InputCatalog catalog(SmallData);
  size_t tried = 0;
  for (const KeyOf<RunSpec>& declared : NetworkKeys()) {
    const Key& key = declared.key;
    if ((key.commands & kSimulation) == 0 || !declared.identity ||
        key.example.empty()) {
      continue;
    }
    bool changes = false;
    for (const Values& values : {kDrawn, kZero, kConstant, kData}) {
      const RunSpec base = ResolveRun(PointOf(values), &catalog);
      const std::optional<RunSpec> changed = Changed(values, key, &catalog);
      if (!changed) continue;
      changes = changes || changed->run_id != base.run_id;
      ExpectLikeAlone({base, *changed}, key.name);
      // Whoever comes first gives what is shared its run.
      ExpectLikeAlone({*changed, base}, key.name);
      // Bundles share inputs and targets.
      RunSpec apart = *changed;
      ++apart.seed;
      ExpectLikeAlone({base, apart, base}, key.name);
      ++tried;
    }
    // Labels are known by their digest, and here there are no others.
    EXPECT_TRUE(changes || key.name == "labels" ||
                key.name == "jacobian_samples")
        << key.name << " = " << key.example << " changes no run";
  }
  EXPECT_GE(tried, 25u);
}

}  // namespace
}  // namespace initscope
