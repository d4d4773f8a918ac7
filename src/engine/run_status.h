// How a run ended.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace initscope {

enum class RunStatus : uint8_t { kComplete, kDiverged, kFailed };
// As results files name them, by their codes.
inline constexpr std::array<std::string_view, 3> kRunStatusNames = {
    "complete", "diverged", "failed"};

}  // namespace initscope
