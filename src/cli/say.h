// What a person is told on stderr. Nobody may be there to listen, the terminal
// gone or the disk behind it full: that is no error, and no reason to lose what
// was computed.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace initscope {

template <typename... Args>
void Say(fmt::format_string<Args...> format, Args&&... args) {
  std::fputs(fmt::format(format, std::forward<Args>(args)...).c_str(), stderr);
}

}  // namespace initscope
