#include "cli/json_text.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

void NameNonFinite(Json* json) {
  if (json->is_structured()) {
    for (Json& element : *json) NameNonFinite(&element);
  } else if (json->is_number_float()) {
    const double value = json->get<double>();
    if (std::isfinite(value)) return;
    *json = std::isnan(value) ? "NaN" : value < 0 ? "-inf" : "inf";
  }
}

}  // namespace

std::string JsonText(Json json) {
  NameNonFinite(&json);
  return json.dump(2) + "\n";
}

}  // namespace initscope
