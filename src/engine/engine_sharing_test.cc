// What runs of a bundle share does not show: neither in what they compute nor,
// to the bit, in how many of them or of its workers there are.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/oracle_test.h"
#include "engine/statistics.h"
#include "spec/keys.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

using Settings = std::map<std::string, std::string>;

std::vector<RunResult> Together(const std::vector<RunSpec>& runs,
                                size_t jobs = 1) {
  std::vector<const RunSpec*> pointers;
  std::vector<RunResult> results(runs.size());
  std::vector<RunResult*> slots;
  for (size_t i = 0; i < runs.size(); ++i) {
    pointers.push_back(&runs[i]);
    slots.push_back(&results[i]);
  }
  SimulateBundle(pointers, {nullptr, nullptr, jobs}, slots);
  return results;
}

void ExpectSameBits(const RunSpec& run, const RunResult& a,
                    const RunResult& b) {
  SCOPED_TRACE(CanonicalRun(run));
  const auto same = [](double x, double y) {
    return std::memcmp(&x, &y, sizeof(x)) == 0;
  };
  EXPECT_TRUE(same(a.loss_value, b.loss_value));
  EXPECT_TRUE(same(a.cross_entropy, b.cross_entropy));
  ASSERT_EQ(a.statistics.size(), b.statistics.size());
  const auto columns = StatisticColumns();
  for (size_t k = 0; k < a.statistics.size(); ++k) {
    if (same(a.statistics[k], b.statistics[k])) continue;
    ADD_FAILURE() << columns[k % columns.size()].name << " row "
                  << k / columns.size() << ": " << a.statistics[k] << " and "
                  << b.statistics[k];
    return;
  }
}

void ExpectLikeAlone(const std::vector<RunSpec>& runs) {
  const std::vector<RunResult> together = Together(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    ExpectSameBits(runs[i], together[i], Simulate(runs[i]));
  }
}

// Logarithms of second moments: what a run at any gain has. 200 eps a layer,
// as in engine_range_test.cc.
void ExpectLogsLikeOracle(const RunSpec& run, const RunResult& result) {
  SCOPED_TRACE(CanonicalRun(run));
  std::vector<Oracle> batches;
  for (size_t b = 0; b < run.batches; ++b) {
    batches.push_back(ComputeOracle(run, b));
  }
  const double tolerance =
      200 * Epsilon(run) * static_cast<double>(run.depth() + 1);
  for (size_t l = 0; l <= run.depth(); ++l) {
    const auto oracle = OracleStatistics(batches, l);
    for (const char* name :
         {"log10_pre_activation_second_moment", "log10_activation_variance",
          "log10_pre_activation_sample_variance", "log10_delta_second_moment",
          "log10_delta_unit_variance", "log10_weight_gradient_second_moment",
          "log10_weight_gradient_variance", "log10_bias_gradient_second_moment",
          "log10_weight_variance"}) {
      const auto it = oracle.find(name);
      if (it == oracle.end()) continue;
      const double error = std::abs(Statistic(result, l, name) -
                                    static_cast<double>(it->second));
      EXPECT_TRUE(error <= tolerance)
          << name << " row " << l << " is off by " << error;
    }
  }
}

// Homogeneous runs without biases: one pass over U serves all scales.
TEST(EngineSharing, HomogeneousRunsAreThoseAlone) {
  for (const char* precision : {"float32", "float64"}) {
    for (const char* loss : {"probe", "mse"}) {
      std::vector<RunSpec> runs;
      for (const char* f : {"relu", "leaky_relu", "linear"}) {
        for (const char* init : {"he_normal", "xavier_normal", "normal"}) {
          for (const char* gain : {"1e-12", "0.3", "1", "2.7", "1e12"}) {
            runs.push_back(MakeRun({{"activation", f},
                                    {"init", init},
                                    {"gain", gain},
                                    {"loss", loss},
                                    {"shape", "11x35x18x7"},
                                    {"batch", "21"},
                                    {"batches", "2"},
                                    {"precision", precision}}));
          }
        }
      }
      ExpectLikeAlone(runs);
      const std::vector<RunResult> together = Together(runs);
      for (size_t i = 0; i < runs.size(); ++i) {
        ExpectLogsLikeOracle(runs[i], together[i]);
      }
    }
  }
}

// Every key of `run` is among the changes, but for those that runs of a bundle
// have in common, those of data that is not drawn, and those of what is
// computed beside a bundle or not at all.
void ExpectEveryKeyIn(const std::vector<Settings>& changes) {
  const std::set<std::string_view> of_the_bundle = {
      "seed",  "precision",   "engine",       "depth",
      "width", "input_width", "output_width", "shape"};
  const std::set<std::string_view> of_data_files = {"labels", "classes",
                                                    "samples", "standardize"};
  const std::set<std::string_view> beside = {
      "jacobian", "jacobian_samples", "theory", "name", "output", "jobs"};
  std::set<std::string_view> changed;
  for (const Settings& change : changes) {
    for (const auto& [key, value] : change) changed.insert(key);
  }
  for (const Key& key : Keys()) {
    if ((key.commands & kSimulation) == 0) continue;
    EXPECT_EQ(of_the_bundle.count(key.name) + of_data_files.count(key.name) +
                  beside.count(key.name) + changed.count(key.name),
              1u)
        << "what runs share may depend on " << key.name << ": say how";
  }
}

// Runs that share some of activation, scale, bias, data, loss and batches, and
// nothing else. Every pair of settings differs in one key from the first.
TEST(EngineSharing, RunsThatDifferInOneKeyDoNotMix) {
  const Settings base = {{"activation", "relu"}, {"init", "he_normal"},
                         {"loss", "probe"},      {"shape", "9x20x33x6"},
                         {"batch", "17"},        {"batches", "2"}};
  const std::vector<Settings> changes = {
      {},
      {{"batch", "16"}},
      {{"batch", "65"}},
      {{"batches", "1"}},
      {{"batches", "3"}},
      {{"data_seed", "1"}},
      {{"input", "sphere"}},
      {{"input_variance", "2"}},
      {{"input_correlation", "0.5"}},
      {{"loss", "mse"}},
      {{"loss", "softmax_cross_entropy"}},
      {{"loss", "softmax_cross_entropy"}, {"label_smoothing", "0.1"}},
      {{"loss", "sigmoid_cross_entropy"}},
      {{"activation", "leaky_relu"}},
      {{"activation", "tanh"}},
      {{"activation", "tanh"}, {"gain", "2"}},
      {{"gain", "2"}},
      {{"gain", "0"}},
      {{"init", "xavier_normal"}},
      {{"bias_std", "0.1"}},
      {{"bias_std", "0.2"}},
      {{"bias_init", "torch_default"}},
  };
  ExpectEveryKeyIn(changes);
  std::vector<RunSpec> runs;
  for (Settings settings : changes) {
    settings.insert(base.begin(), base.end());
    runs.push_back(MakeRun(settings));
  }
  ExpectLikeAlone(runs);
  // Whoever comes first gives the shared pass its run.
  std::reverse(runs.begin(), runs.end());
  ExpectLikeAlone(runs);
  // No two of them are the same run by mistake.
  const std::vector<RunResult> results = Together(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      const auto &a = results[i].statistics, &b = results[k].statistics;
      EXPECT_NE(std::memcmp(a.data(), b.data(), a.size() * sizeof(double)), 0)
          << CanonicalRun(runs[i]) << " and " << CanonicalRun(runs[k]);
    }
  }
}

// Widths over several blocks and batches over several panels, so that there is
// work to share.
TEST(EngineSharing, JobsDoNotChangeABit) {
  for (const char* precision : {"float32", "float64"}) {
    for (const char* init : {"normal", "uniform", "truncated_he_normal",
                             "orthogonal", "zero", "constant", "lsuv"}) {
      std::vector<RunSpec> runs;
      for (const char* f : {"relu", "tanh"}) {
        for (const char* gain : {"0.5", "1.5"}) {
          runs.push_back(MakeRun({{"activation", f},
                                  {"init", init},
                                  {"gain", gain},
                                  {"loss", "probe"},
                                  {"shape", "50x210x100x30"},
                                  {"batch", "70"},
                                  {"precision", precision}}));
        }
      }
      const std::vector<RunResult> one = Together(runs, 1);
      for (size_t jobs : {2, 3}) {
        const std::vector<RunResult> more = Together(runs, jobs);
        for (size_t i = 0; i < runs.size(); ++i) {
          SCOPED_TRACE(std::to_string(jobs) + " jobs");
          ExpectSameBits(runs[i], one[i], more[i]);
        }
      }
      ExpectLikeAlone(runs);
    }
  }
}

TEST(EngineSharing, GainZeroLeavesTheBiasAlone) {
  for (const char* f : {"relu", "linear", "tanh"}) {
    for (const char* bias : {"0", "0.5"}) {
      const RunSpec run = MakeRun({{"activation", f},
                                   {"gain", "0"},
                                   {"bias_std", bias},
                                   {"loss", "probe"},
                                   {"shape", "5x20x7"},
                                   {"batch", "9"}});
      const RunResult result = Simulate(run);
      std::vector<Oracle> batches;
      batches.push_back(ComputeOracle(run, 0));
      for (size_t l = 0; l <= run.depth(); ++l) {
        const auto oracle = OracleStatistics(batches, l);
        for (const char* name :
             {"pre_activation_second_moment", "activation_variance",
              "delta_second_moment", "weight_gradient_second_moment"}) {
          const auto it = oracle.find(name);
          if (it == oracle.end()) continue;
          const double expected = static_cast<double>(it->second);
          EXPECT_TRUE(std::abs(Statistic(result, l, name) - expected) <=
                      200 * Epsilon(run) * expected)
              << f << " " << bias << ": " << name << " row " << l;
        }
      }
    }
  }
}

}  // namespace
}  // namespace initscope
