// What one run leaves behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace initscope {

struct RunResult {
  bool complete = false;
  // (depth + 1) rows × StatisticColumns(), row-major.
  std::vector<double> statistics;
  double loss_value = 0;  // mean over batches
  // Means over samples, in nats; NaN where targets are not distributions.
  double label_entropy = 0;
  double cross_entropy = 0;
  double kl_divergence = 0;
  int64_t first_non_finite_layer = -1;  // of Z or delta
  double wall_seconds = 0;              // its share of its bundle's time
};

}  // namespace initscope
