#include "attention/attention_sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "spec/run_id.h"
#include "sweep/result_sink_test.h"

namespace initscope {
namespace {

using testing::HasSubstr;

Sweep Expand(const std::vector<Setting>& settings) {
  ExperimentText text;
  text.name = "test";
  text.common = settings;
  return ExpandSweep(text, {"attention", kAttention});
}

Matrix<double> NoFiles(std::string_view, const std::string& path) {
  throw UserError(ExitCode::kData, "{}: there is no file", path);
}

AttentionSweep Resolve(const std::vector<Setting>& settings) {
  return ResolveAttention(Expand(settings), NoFiles);
}

std::string ErrorOf(const std::vector<Setting>& settings,
                    const MatrixReader& read = NoFiles,
                    ExitCode code = ExitCode::kUsage) {
  try {
    ResolveAttention(Expand(settings), read);
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "no error";
}

TEST(ResolveAttention, Defaults) {
  const AttentionSpec run = Resolve({{"d_k", "16", "a:1"}}).runs[0];
  EXPECT_EQ(run.tokens, 64u);
  EXPECT_EQ(run.d_model, 512u);
  EXPECT_EQ(run.softmax.divisor, 4);
  EXPECT_EQ(run.softmax.base, std::numbers::e);
  EXPECT_EQ(run.init->name, "xavier_normal");
  EXPECT_DOUBLE_EQ(run.WeightScale(), std::sqrt(2.0 / (512 + 16)));
  EXPECT_EQ(CanonicalRun(run), "command=attention\nd_k=16\n");
}

TEST(ResolveAttention, KeysBecomeNumbers) {
  const AttentionSweep sweep = Resolve({{"scaled", "on, off", "a:1"},
                                        {"d_k", "1, 1, 4", "a:2"},
                                        {"softmax_base", "3", "a:3"},
                                        {"init", "glorot_uniform", "a:4"}});
  ASSERT_EQ(sweep.runs.size(), 4u);
  EXPECT_EQ(sweep.duplicates, 2u);
  EXPECT_EQ(sweep.runs[1].softmax.divisor, 2);
  EXPECT_EQ(sweep.runs[3].softmax.divisor, 1);
  EXPECT_EQ(sweep.runs[3].softmax.base, 3);
  EXPECT_EQ(sweep.runs[3].init->name, "xavier_uniform");
  // At d_k = 1 scaled or not is the same, but not the same run.
  EXPECT_NE(sweep.runs[0].run_id, sweep.runs[2].run_id);
  const AttentionSpec own = Resolve({{"sqrt_d_k", "2", "a:1"}}).runs[0];
  EXPECT_EQ(own.softmax.divisor, 2);
  EXPECT_THAT(CanonicalRun(own), HasSubstr("sqrt_d_k=2\n"));
}

TEST(ResolveAttention, RefusesNonsense) {
  const auto error = [](const char* key, const char* value) {
    return ErrorOf({{key, value, "a.ini:7"}});
  };
  for (const char* value : {"0", "-2", "-0"}) {
    EXPECT_THAT(error("sqrt_d_k", value),
                HasSubstr(std::string("a.ini:7: sqrt_d_k = ") + value +
                          " is not above 0"));
  }
  for (const char* value : {"nan", "inf", "two", "1e999"}) {
    EXPECT_THAT(error("sqrt_d_k", value), HasSubstr("not a finite number"));
    EXPECT_THAT(error("softmax_base", value), HasSubstr("not a finite number"));
  }
  for (const char* value : {"1", "0.5", "0", "-3"}) {
    EXPECT_THAT(error("softmax_base", value), HasSubstr("is not above 1"));
  }
  EXPECT_THAT(error("d_k", "0"), HasSubstr("d_k = 0 is out of range"));
  EXPECT_THAT(error("tokens", "2.5"), HasSubstr("not a whole number"));
  EXPECT_THAT(error("scaled", "no"), HasSubstr("unknown scaled 'no'"));
  EXPECT_THAT(error("init", "lsuv"), HasSubstr("fitted to a network's data"));
  EXPECT_THAT(ErrorOf({{"scaled", "off", "a:1"}, {"sqrt_d_k", "2", "a:2"}}),
              HasSubstr("a:2: sqrt_d_k is what S is divided by"));
}

Matrix<double> Shaped(size_t rows, size_t cols) {
  Matrix<double> out(rows, cols);
  for (size_t i = 0; i < out.size(); ++i) out.data()[i] = 1;
  return out;
}

std::string ShapeError(size_t x_cols, size_t q_rows, size_t q_cols,
                       size_t k_rows, size_t k_cols, size_t v_rows) {
  return ErrorOf(
      {{"x", "x.csv", "a:1"},
       {"w_q", "q.csv", "a:2"},
       {"w_k", "k.csv", "a:3"},
       {"w_v", "v.csv", "a:4"}},
      [&](std::string_view key, const std::string&) {
        return key == "x"     ? Shaped(5, x_cols)
               : key == "w_q" ? Shaped(q_rows, q_cols)
               : key == "w_k" ? Shaped(k_rows, k_cols)
                              : Shaped(v_rows, 6);
      },
      ExitCode::kData);
}

TEST(ResolveAttention, ShapesMustChain) {
  EXPECT_EQ(ShapeError(3, 3, 2, 3, 2, 3), "no error");
  EXPECT_THAT(ShapeError(3, 4, 2, 3, 2, 3),
              HasSubstr("a:2: w_q = q.csv is 4 × 2, but x = x.csv is 5 × 3"));
  EXPECT_THAT(ShapeError(3, 3, 2, 2, 2, 3),
              HasSubstr("a:3: w_k = k.csv is 2 × 2, but x = x.csv is 5 × 3"));
  EXPECT_THAT(ShapeError(3, 3, 2, 3, 2, 1),
              HasSubstr("a:4: w_v = v.csv is 1 × 6, but x = x.csv is 5 × 3"));
  EXPECT_THAT(
      ShapeError(3, 3, 2, 3, 4, 3),
      HasSubstr("a:3: w_k = k.csv is 3 × 4, but w_q = q.csv is 3 × 2: S = Q"));
}

TEST(ResolveAttention, FilesStandTogetherAndAlone) {
  EXPECT_THAT(ErrorOf({{"w_q", "q.csv", "a:1"}}),
              HasSubstr("a:1: w_q is a file, so x must be one too"));
  EXPECT_THAT(ErrorOf({{"x", "x.csv", "a:1"}, {"d_k", "3", "a:2"}}),
              HasSubstr("a:2: d_k is for drawn matrices"));
  EXPECT_THAT(ErrorOf({{"x", "x.csv", "a:1"}, {"sqrt_d_k", "1, 2", "a:2"}}),
              HasSubstr("a:2: x, w_q, w_k and w_v describe one run"));
}

std::vector<AttentionSpec> SmallRuns() {
  return Resolve(
             {{"d_k", "1, 3, 8", "a:1"},
              {"tokens", "6", "a:2"},
              {"d_model", "5", "a:3"},
              {"scaled", "on, off", "a:4"},
              {"init", "normal, uniform, orthogonal, zero, constant", "a:5"},
              {"seed", "0, 1", "a:6"}})
      .runs;
}

TEST(RunAttentionSweep, DoesNotDependOnJobsOrNeighbours) {
  const std::vector<AttentionSpec> runs = SmallRuns();
  ASSERT_EQ(runs.size(), 60u);
  const auto one = ResultsOf(RunAttentionSweep, runs, {1});
  const auto four = ResultsOf(RunAttentionSweep, runs, {4});
  for (size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(std::memcmp(&one[i].statistics, &four[i].statistics,
                          sizeof(AttentionStatistics)),
              0);
  }
  const auto alone = ResultsOf(RunAttentionSweep, {runs[17]}, {1});
  EXPECT_EQ(std::memcmp(&alone[0].statistics, &one[17].statistics,
                        sizeof(AttentionStatistics)),
            0);
}

TEST(RunAttentionSweep, StopsWhereItIsTold) {
  EXPECT_EQ(FinishedWhenStopped(RunAttentionSweep, SmallRuns()), 0u);
}

TEST(RunAttentionSweep, ZeroWeightsAttendToAllAlike) {
  const AttentionSpec run = Resolve({{"init", "zero", "a:1"},
                                     {"tokens", "8", "a:2"},
                                     {"d_model", "4", "a:3"},
                                     {"d_k", "4", "a:4"}})
                                .runs[0];
  const AttentionStatistics s =
      ResultsOf(RunAttentionSweep, {run}, {1})[0].statistics;
  EXPECT_EQ(s.score_variance, 0);
  EXPECT_EQ(s.largest_probability_mean, 0.125);
  EXPECT_NEAR(s.entropy_mean, std::log(8.0), 1e-15);
  EXPECT_EQ(s.query_gradient_second_moment, 0);
  EXPECT_EQ(s.input_gradient_second_moment, 0);
}

// Draws are blocks of one field: a smaller d_k is a part of a larger one, and
// scaled and unscaled runs share all.
TEST(DrawAttention, SharesSubBlocks) {
  const auto runs = Resolve({{"d_k", "4, 8", "a:1"},
                             {"tokens", "3", "a:2"},
                             {"d_model", "5", "a:3"},
                             {"init", "normal", "a:4"}})
                        .runs;
  const AttentionInputs small = DrawAttention(runs[0]);
  const AttentionInputs large = DrawAttention(runs[1]);
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = 0; j < 4; ++j) {
      EXPECT_EQ(small.w_q(i, j), large.w_q(i, j));
      EXPECT_NE(small.w_q(i, j), small.w_k(i, j));
      EXPECT_NE(small.w_k(i, j), small.w_v(i, j));
    }
  }
}

TEST(CheckFinite, NamesTheEntryThatOverflows) {
  AttentionTensors t;
  t.s = Shaped(2, 3);
  t.o = Shaped(2, 1);
  CheckFinite(t, "a.ini");
  t.s(1, 2) = std::numeric_limits<double>::infinity();
  try {
    CheckFinite(t, "a.ini");
    FAIL();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kData);
    EXPECT_THAT(error.what(), HasSubstr("a.ini: S = Q Kᵀ overflows: its entry "
                                        "(1, 2) is inf"));
  }
}

}  // namespace
}  // namespace initscope
