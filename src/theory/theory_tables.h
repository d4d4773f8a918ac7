// The tables of Gaussian means of every activation, shared by all threads.
#pragma once

#include <memory>
#include <vector>

#include "theory/activation_means.h"
#include "theory/hermite_series.h"

namespace initscope {

class TheoryTables {
 public:
  TheoryTables() {
    for (const Activation& activation : Activations()) {
      means_.push_back(std::make_unique<ActivationMeans>(activation));
      hermite_.push_back(activation.homogeneous
                             ? nullptr
                             : std::make_unique<HermiteTable>(activation));
    }
  }

  // REQUIRES: a row of Activations().
  const ActivationMeans& Means(const Activation& activation) const {
    return *means_.at(IndexOf(activation));
  }
  // REQUIRES: likewise, and not homogeneous.
  const HermiteTable& Hermite(const Activation& activation) const {
    return *hermite_.at(IndexOf(activation));
  }

 private:
  static size_t IndexOf(const Activation& activation) {
    return static_cast<size_t>(&activation - Activations().data());
  }

  std::vector<std::unique_ptr<ActivationMeans>> means_;
  std::vector<std::unique_ptr<HermiteTable>> hermite_;
};

}  // namespace initscope
