// The activation of a name, for tests.
#pragma once

#include <algorithm>
#include <string_view>

#include "nn/activations.h"

namespace initscope {

inline const Activation& FindActivation(std::string_view name) {
  return *std::find_if(Activations().begin(), Activations().end(),
                       [&](const Activation& f) { return f.name == name; });
}

}  // namespace initscope
