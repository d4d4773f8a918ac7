// Turns a run's precision into the type T of the code that computes it.
#pragma once

#include "base/denormals.h"
#include "base/stopwatch.h"
#include "spec/run_spec.h"

namespace initscope {

// Calls compute(T()), where T is float or double according to `precision`, with
// denormals flushed, so that all callers get the same bits. Returns the seconds
// it took.
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
