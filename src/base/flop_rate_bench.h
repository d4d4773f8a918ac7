// The counters that every benchmark of a kernel reports.
#pragma once

// Google Benchmark's header is for *_bench.cc files.
namespace benchmark {
class State;
}  // namespace benchmark

namespace initscope {

// Sets the counters of a benchmark whose loop is over:
//   GFLOP/s        from `flops` per iteration
//   peak GFLOP/s   of multiply-adds on T, measured in this process after the
//                  loop unless that was done within the last quarter second
//   % of peak
//   FLOP, bytes    per iteration, for a roofline; `bytes` is the least that
//                  must be read and written, 0 leaves both counters out
template <typename T = float>
void SetFlops(benchmark::State& state, double flops, double bytes = 0);

// Sets the counter "ns per item" from the items of one iteration.
void SetItems(benchmark::State& state, double items);

}  // namespace initscope
