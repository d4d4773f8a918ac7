// The interface of one layer's weights, which every engine implements.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "base/parallel.h"
#include "linalg/packed_product.h"
#include "stats/moments.h"

namespace initscope {

// Either the unit draw U, which the runs of a bundle share and scale, or one
// run's own W and b. Below, W stands for U too.
template <typename T>
class LayerWeights {
 public:
  virtual ~LayerWeights() = default;

  // out = in W, mantissas only: batch × fan_in → batch × fan_out. `jobs`
  // changes no bit. Throws Interrupted.
  virtual void Forward(std::span<const ProductJob<T>> products, Jobs jobs) = 0;
  // out = in Wᵀ: batch × fan_out → batch × fan_in.
  virtual void Backward(std::span<const ProductJob<T>> products, Jobs jobs) = 0;

  // Mean, variance and second moment of the entries of W.
  // REQUIRES: Forward() has been called.
  virtual Moments EntryMoments() const = 0;

  // W as a plain matrix, fan_in × fan_out. Throws Interrupted.
  virtual Matrix<T> Entries(StopFlag stop = {}) const = 0;

  // The run's own b, fan_out entries; null for U.
  virtual const std::vector<T>* bias() const { return nullptr; }
};

// scale · W, rounded to T.
template <typename T>
Matrix<T> ScaledEntries(const LayerWeights<T>& weights, double scale,
                        StopFlag stop = {}) {
  Matrix<T> w = weights.Entries(stop);
  for (size_t i = 0; i < w.size(); ++i) {
    w.data()[i] = static_cast<T>(scale * w.data()[i]);
  }
  return w;
}

// Layers 0 … L − 1.
template <typename T>
using NetworkWeights = std::vector<std::shared_ptr<LayerWeights<T>>>;

}  // namespace initscope
