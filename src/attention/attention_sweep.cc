#include "attention/attention_sweep.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/stopwatch.h"
#include "nn/unit_weights.h"
#include "random/variates.h"

namespace initscope {
namespace {

// The layer in a draw's index. A seed's meaning depends on it: never change
// one.
constexpr uint32_t kX = 0, kWq = 1, kWk = 2, kWv = 3, kProbe = 4;

// Bytes that one run holds at the same time, at most.
double Memory(const AttentionSpec& run) {
  const auto t = static_cast<double>(run.tokens);
  const auto d = static_cast<double>(run.d_model);
  const auto k = static_cast<double>(run.d_k);
  // Weights, their gradients, and what a product or a QR copies of one.
  const bool orthogonal =
      run.init != nullptr && run.init->law == UnitLaw::kOrthogonal;
  const double weights = (6 + (orthogonal ? 4 : 1)) * d * k;
  return 8 * (weights + 8 * t * k + 4 * t * t + 5 * t * d);
}

AttentionStatistics Simulate(const AttentionSpec& run, StopFlag stop) {
  const AttentionInputs in = DrawAttention(run, stop);
  const Matrix<double> r =
      DrawAttentionProbe(run.seed, run.tokens, in.w_v.cols());
  stop.Check();
  const AttentionTensors t = AttentionForward(in, run.softmax);
  CheckFinite(t, run.Title());
  stop.Check();
  const AttentionGradients d = AttentionBackward(in, t, run.softmax, r.view());
  return MeasureAttention(t, d, run.softmax);
}

}  // namespace

AttentionInputs DrawAttention(const AttentionSpec& run, StopFlag stop) {
  const auto draw = [&](UnitLaw law, uint32_t layer, size_t rows, size_t cols,
                        double scale) {
    stop.Check();
    Matrix<double> out(rows, cols);
    DrawUnit(law, {run.seed, Stream::kAttention, layer}, stop, out.view());
    for (size_t i = 0; i < out.size(); ++i) out.data()[i] *= scale;
    return out;
  };
  const double scale = run.WeightScale();
  const UnitLaw law = run.init->law;
  return {draw(UnitLaw::kNormal, kX, run.tokens, run.d_model, 1),
          draw(law, kWq, run.d_model, run.d_k, scale),
          draw(law, kWk, run.d_model, run.d_k, scale),
          draw(law, kWv, run.d_model, run.d_k, scale)};
}

Matrix<double> DrawAttentionProbe(uint64_t seed, size_t rows, size_t cols) {
  Matrix<double> out(rows, cols);
  FillVariates(VariateLaw::kNormal, {seed, Stream::kAttention, kProbe}, 0, 0,
               out.view());
  return out;
}

void CheckFinite(const AttentionTensors& t, const std::string& title) {
  const auto check = [&](const char* formula, const Matrix<double>& a) {
    for (size_t i = 0; i < a.rows(); ++i) {
      for (size_t j = 0; j < a.cols(); ++j) {
        if (std::isfinite(a(i, j))) continue;
        throw UserError(ExitCode::kData,
                        "{}: {} overflows: its entry ({}, {}) is {}; make X or "
                        "the weights smaller",
                        title, formula, i, j, a(i, j));
      }
    }
  };
  check("S = Q Kᵀ", t.s);
  check("O = P V", t.o);
}

void RunAttentionSweep(const std::vector<AttentionSpec>& runs,
                       const SweepOptions& options,
                       ResultSink<AttentionResult>* sink) {
  const auto cost = [&](size_t i) { return AttentionFlops(runs[i]); };
  RunLongestFirst(runs.size(), cost, options, [&](size_t i) {
    const Stopwatch watch;
    AttentionResult result;
    sink->Underway(i, 0);
    try {
      result.statistics = Simulate(runs[i], options.stop);
    } catch (const UserError& error) {
      for (const AttentionStatisticColumn& column :
           AttentionStatisticColumns()) {
        result.statistics.*column.value =
            std::numeric_limits<double>::quiet_NaN();
      }
      result.error = error.what();
    }
    result.wall_seconds = watch.Seconds();
    sink->Take(i, std::move(result));
  });
}

double AttentionFlops(const AttentionSpec& run) {
  const auto t = static_cast<double>(run.tokens);
  const auto d = static_cast<double>(run.d_model);
  const auto k = static_cast<double>(run.d_k);
  // Nine products with weights or their gradients, six of tokens × tokens.
  return 9 * 2 * t * d * k + 6 * 2 * t * t * k;
}

std::vector<CostedRuns> GroupAttention(const std::vector<AttentionSpec>& runs,
                                       size_t /*shards*/) {
  return EachRun<AttentionSpec>(runs, AttentionFlops);
}

double AttentionSweepMemory(const std::vector<AttentionSpec>& runs,
                            size_t jobs) {
  std::vector<double> bytes;
  for (const AttentionSpec& run : runs) bytes.push_back(Memory(run));
  // Results and specifications, and the columns of both.
  constexpr double kColumns = 40;
  return LargestTogether(bytes, jobs).together +
         static_cast<double>(runs.size()) *
             (sizeof(AttentionSpec) + sizeof(AttentionResult) + 8 * kColumns);
}

}  // namespace initscope
