// What computes a run is written for any T; here a run's precision becomes T.
#pragma once

#include "base/denormals.h"
#include "base/stopwatch.h"
#include "spec/run_spec.h"

namespace initscope {

// Calls compute(T()) with T the float type of `precision`. Denormals are
// flushed whoever calls, so that all get the same bits. The seconds it took.
template <typename Compute>
double InPrecision(Precision precision, const Compute& compute) {
  const FlushDenormals flush;
  const Stopwatch watch;
  if (precision == Precision::kFloat32) {
    compute(float());
  } else {
    compute(double());
  }
  return watch.Seconds();
}

}  // namespace initscope
