// A network as a list of layers. The engine, the plain reference, gradient
// checks, Jacobians, costs and theory share this description.
//
//     Z_{l+1} = X_l W_l + 1 b_l      batch × q_{l+1},  l = 0 … L − 1
//     X_{l+1} = f_l(Z_{l+1}),        X_L = Z_L
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <vector>

#include "nn/activations.h"

namespace initscope {

struct LayerSpec {
  size_t fan_in = 0;                       // q_l
  size_t fan_out = 0;                      // q_{l+1}
  const Activation* activation = nullptr;  // f_l; null for the identity

  // Entries of W_l.
  double weights() const {
    return static_cast<double>(fan_in) * static_cast<double>(fan_out);
  }

  auto operator<=>(const LayerSpec&) const = default;
};

struct Network {
  // The activation of the hidden layers; set even if there are none.
  const Activation* activation = nullptr;
  std::vector<LayerSpec> layers;

  // Fully connected layers between `widths` q_0 … q_L, each but the last
  // followed by `hidden`. REQUIRES: at least two widths.
  void SetLayers(const Activation& hidden, const std::vector<size_t>& widths);

  size_t depth() const { return layers.size(); }  // L
  // q_l, l = 0 … L.
  size_t width(size_t l) const {
    return l == 0 ? layers[0].fan_in : layers[l - 1].fan_out;
  }
  size_t inputs() const { return layers.front().fan_in; }
  size_t outputs() const { return layers.back().fan_out; }
  size_t widest() const;
  // Σ q_l, l = 0 … L.
  double units() const;
  // Number of entries of all W_l together, and of the largest.
  double weights() const;
  double most_weights() const;
  // Every width, input to output: "784x300x10".
  std::string Shape(char separator = 'x') const;

  auto operator<=>(const Network&) const = default;
};

}  // namespace initscope
