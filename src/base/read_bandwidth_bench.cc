// The rate at which one core reads from each cache and from memory: the slopes
// of a roofline.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/read_bandwidth_bench.cc"
#include <benchmark/benchmark.h>
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <string>

#include "base/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The exclusive or of `size` words. REQUIRES: a multiple of kWordsAtOnce.
uint32_t Read(const uint32_t* data, size_t size) {
  const hn::ScalableTag<uint32_t> d;
  const size_t step = hn::Lanes(d);
  auto x0 = hn::Zero(d), x1 = x0, x2 = x0, x3 = x0;
  for (size_t i = 0; i < size; i += 8 * step) {
    const uint32_t* p = data + i;
    x0 = hn::Xor(x0, hn::Load(d, p));
    x1 = hn::Xor(x1, hn::Load(d, p + step));
    x2 = hn::Xor(x2, hn::Load(d, p + 2 * step));
    x3 = hn::Xor(x3, hn::Load(d, p + 3 * step));
    x0 = hn::Xor(x0, hn::Load(d, p + 4 * step));
    x1 = hn::Xor(x1, hn::Load(d, p + 5 * step));
    x2 = hn::Xor(x2, hn::Load(d, p + 6 * step));
    x3 = hn::Xor(x3, hn::Load(d, p + 7 * step));
  }
  return hn::GetLane(hn::Xor(hn::Xor(x0, x1), hn::Xor(x2, x3)));
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

HWY_EXPORT(Read);

namespace {

// Eight vectors of any instruction set, up to SVE's 256 bytes.
constexpr size_t kWordsAtOnce = 512;

void BM_Read(benchmark::State& state) {
  const size_t words = static_cast<size_t>(state.range(0)) / sizeof(uint32_t) /
                       kWordsAtOnce * kWordsAtOnce;
  Matrix<uint32_t> data(1, words);
  std::fill_n(data.data(), words, 1u);
  for (auto _ : state) {
    benchmark::DoNotOptimize(HWY_DYNAMIC_DISPATCH(Read)(data.data(), words));
  }
  state.counters["GB/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(words * sizeof(uint32_t)),
                         benchmark::Counter::kIsIterationInvariantRate);
}

// Sizes well inside each cache, which other cores may share, and well outside
// the one before it; and one that fits into none.
const bool bandwidth_registered = [] {
  int64_t before = 0;  // bytes of the last cache
  for (const auto& cache : benchmark::CPUInfo::Get().caches) {
    if (cache.type == "Instruction") continue;
    const int64_t half = cache.size / 2;
    const std::string name = "Read/L" + std::to_string(cache.level);
    benchmark::RegisterBenchmark(name.c_str(), BM_Read)
        ->ArgName("bytes")
        ->Arg(before == 0 ? half : std::min(half, 4 * before));
    before = cache.size;
  }
  benchmark::RegisterBenchmark("Read/memory", BM_Read)
      ->ArgName("bytes")
      ->Arg(std::clamp<int64_t>(4 * before, 64 << 20, 1 << 30));
  return true;
}();

}  // namespace
}  // namespace initscope
#endif  // HWY_ONCE
