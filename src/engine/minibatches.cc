#include "engine/minibatches.h"

namespace initscope {

const RunSpec& Minibatches::At(uint64_t step, size_t* index) {
  *index = step;
  if (!run_.samples) return run_;
  const uint64_t per_epoch = run_.samples->samples() / run_.batch;
  const uint64_t epoch = step / per_epoch;
  *index = step % per_epoch;
  if (epoch != epoch_) {
    epoch_ = epoch;
    run_.order = std::make_shared<const std::vector<uint32_t>>(
        run_.samples->Order(run_.data_seed, static_cast<uint32_t>(epoch)));
  }
  return run_;
}

}  // namespace initscope
