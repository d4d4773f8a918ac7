// A results file, as `run` writes it: columns made, written, synced, renamed.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/flop_rate_bench.h"
#include "engine/statistics.h"
#include "io/output_file.h"
#include "io/results_writer.h"
#include "spec/input_catalog.h"
#include "spec/resolve.h"

namespace initscope {
namespace {

constexpr size_t kRuns = 1000, kRows = 30;

RunSpec MakeRun(size_t seed) {
  InputCatalog catalog(
      [](const std::string&, const std::string&) { return InputData(); });
  return ResolveRun({{"seed", {std::to_string(seed), "benchmark"}},
                     {"depth", {std::to_string(kRows - 1), "benchmark"}},
                     {"width", {"64", "benchmark"}}},
                    &catalog);
}

RunResult MakeResult(size_t seed) {
  RunResult result;
  result.statistics.resize(kRows * StatisticColumns().size());
  for (size_t i = 0; i < result.statistics.size(); ++i) {
    result.statistics[i] = 1.0 / static_cast<double>(1 + i + seed);
  }
  return result;
}

void BM_Write(benchmark::State& state) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("initscope_bench_" + std::to_string(getpid()) + ".h5");
  std::vector<RunSpec> runs;
  std::vector<RunResult> results;
  for (size_t seed = 0; seed < kRuns; ++seed) {
    runs.push_back(MakeRun(seed));
    results.push_back(MakeResult(seed));
  }
  Provenance provenance;
  provenance.name = "benchmark";
  for (auto _ : state) {
    OutputFile output(path, /*overwrite=*/true);
    Hdf5Writer writer(output.temporary(), "bench", OutputKind::kResults);
    WriteResults(provenance, runs, results, {"seed"}, {}, &writer);
    writer.Close();
    output.Commit();
  }
  const auto bytes = static_cast<double>(std::filesystem::file_size(path));
  std::filesystem::remove(path);
  SetItems(state, kRuns * kRows);
  state.counters["MB/s"] = benchmark::Counter(
      1e-6 * bytes, benchmark::Counter::kIsIterationInvariantRate);
}

// Real time: a disk's is no CPU time.
BENCHMARK(BM_Write)->Name("ResultsFile/write")->UseRealTime();

}  // namespace
}  // namespace initscope
