// The tables of Gaussian means of every activation, made as they are needed
// and shared by all threads.
#pragma once

#include <memory>
#include <vector>

#include "theory/activation_means.h"
#include "theory/hermite_series.h"

namespace initscope {

class TheoryTables {
 public:
  TheoryTables();

  // REQUIRES: a row of Activations().
  const ActivationMeans& Means(const Activation& activation) const;
  // REQUIRES: not homogeneous.
  const HermiteTable& Hermite(const Activation& activation) const;

 private:
  std::vector<std::unique_ptr<ActivationMeans>> means_;
  std::vector<std::unique_ptr<HermiteTable>> hermite_;
};

}  // namespace initscope
