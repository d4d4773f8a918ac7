// initscope_bench: every benchmark, and what it was measured on.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "base/build_info.h"
#include "base/kernel_target.h"
#include "base/machine.h"
#include "base/memory.h"

namespace initscope {
namespace {

// Google Benchmark's own reporter writes "/s" behind every rate, and so
// GFLOP/s/s; this one hands it finished numbers.
class PlainCounters : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override {
    return reporter_->ReportContext(context);
  }
  void ReportRuns(const std::vector<Run>& report) override {
    std::vector<Run> runs = report;
    for (Run& run : runs) {
      for (auto& [name, counter] : run.counters) {
        counter.flags = benchmark::Counter::kDefaults;
      }
    }
    reporter_->ReportRuns(runs);
  }
  void Finalize() override { reporter_->Finalize(); }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> reporter_{
      benchmark::CreateDefaultDisplayReporter()};
};

void AddContext() {
  const BuildInfo& build = GetBuildInfo();
  benchmark::AddCustomContext("initscope_version", build.version);
  benchmark::AddCustomContext("git_commit", build.git_commit);
  benchmark::AddCustomContext("git_dirty", build.git_dirty ? "1" : "0");
  benchmark::AddCustomContext("compiler", build.compiler);
  benchmark::AddCustomContext("compiler_flags", build.flags);
  benchmark::AddCustomContext("libraries", build.libraries);
  benchmark::AddCustomContext("cpu", CpuModel());
  benchmark::AddCustomContext("kernel_target", KernelTarget());
  for (const char* name : {"OPENBLAS_CORETYPE", "BLIS_ARCH_TYPE"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr) benchmark::AddCustomContext(name, value);
  }
}

}  // namespace
}  // namespace initscope

int main(int argc, char** argv) {
  initscope::PrepareHeap();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 64;
  initscope::AddContext();
  initscope::PlainCounters reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
}
