#include "nn/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace initscope {

void Network::SetLayers(const Activation& hidden,
                        const std::vector<size_t>& widths) {
  INITSCOPE_CHECK(widths.size() >= 2);
  activation = &hidden;
  layers.clear();
  for (size_t l = 0; l + 1 < widths.size(); ++l) {
    layers.push_back({widths[l], widths[l + 1], &hidden});
  }
  layers.back().activation = nullptr;
}

size_t Network::widest() const {
  return std::max(inputs(),
                  std::ranges::max(layers, {}, &LayerSpec::fan_out).fan_out);
}

double Network::units() const {
  size_t sum = inputs();
  for (const LayerSpec& layer : layers) sum += layer.fan_out;
  return static_cast<double>(sum);
}

double Network::weights() const {
  double sum = 0;
  for (const LayerSpec& layer : layers) sum += layer.weights();
  return sum;
}

double Network::most_weights() const {
  return std::ranges::max(layers, {}, &LayerSpec::weights).weights();
}

std::string Network::Shape(char separator) const {
  std::string text = fmt::format("{}", inputs());
  for (const LayerSpec& layer : layers) {
    text += fmt::format("{}{}", separator, layer.fan_out);
  }
  return text;
}

}  // namespace initscope
