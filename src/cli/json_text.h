// What --json prints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace initscope {

// `json`, indented, with a newline. JSON has neither NaN nor infinities: such
// numbers become the strings "NaN", "inf" and "-inf".
std::string JsonText(nlohmann::ordered_json json);

}  // namespace initscope
