// What every benchmark of a kernel that computes reports.
#pragma once

// Google Benchmark's header is for *_bench.cc files.
namespace benchmark {
class State;
}  // namespace benchmark

namespace initscope {

// Sets the counters of a benchmark whose loop is over:
//   GFLOP/s        from `flops` per iteration
//   peak GFLOP/s   of multiply-adds on T; in this process, measured after the
//                  loop unless that was done within the last quarter second
//   % of peak
//   FLOP, bytes    per iteration, for a roofline; `bytes` is what must be
//                  read and written at least, 0 leaves the two out
template <typename T = float>
void SetFlops(benchmark::State& state, double flops, double bytes = 0);

// Sets the counter "ns per item" from the items of one iteration.
void SetItems(benchmark::State& state, double items);

}  // namespace initscope
