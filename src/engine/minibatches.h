// Which samples a training step takes: the run's data epoch by epoch, in a new
// order each, without the remainder that does not fill a minibatch; drawn
// inputs are new in every step. Epoch 0 is in the order that runs without
// training have.
#pragma once

#include "spec/run_spec.h"

namespace initscope {

class Minibatches {
 public:
  explicit Minibatches(const RunSpec& run) : run_(run) {}

  // The run as its batch number *index is the minibatch of a step
  // (engine/batch_source.h); valid until the next call.
  const RunSpec& At(uint64_t step, size_t* index);

 private:
  RunSpec run_;
  uint64_t epoch_ = 0;
};

}  // namespace initscope
