// The text that --json prints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace initscope {

// `json`, indented, with a newline at its end. JSON has no NaN and no
// infinities; they become the strings "NaN", "inf" and "-inf".
std::string JsonText(nlohmann::ordered_json json);

}  // namespace initscope
