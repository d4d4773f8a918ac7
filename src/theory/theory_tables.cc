#include "theory/theory_tables.h"

namespace initscope {
namespace {

size_t IndexOf(const Activation& activation) {
  return static_cast<size_t>(&activation - Activations().data());
}

}  // namespace

TheoryTables::TheoryTables() {
  for (const Activation& activation : Activations()) {
    means_.push_back(std::make_unique<ActivationMeans>(activation));
    hermite_.push_back(activation.homogeneous
                           ? nullptr
                           : std::make_unique<HermiteTable>(activation));
  }
}

const ActivationMeans& TheoryTables::Means(const Activation& activation) const {
  return *means_.at(IndexOf(activation));
}

const HermiteTable& TheoryTables::Hermite(const Activation& activation) const {
  return *hermite_.at(IndexOf(activation));
}

}  // namespace initscope
