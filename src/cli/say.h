// Messages for people: on stderr, or as the one line of an error.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "base/error.h"

namespace initscope {

// Throws UserError (kUsage) with the formatted message.
template <typename... Args>
[[noreturn]] void FailUsage(fmt::format_string<Args...> format,
                            Args&&... args) {
  throw UserError(ExitCode::kUsage, format, std::forward<Args>(args)...);
}

// Prints on stderr. If that cannot be written (the terminal is gone, the disk
// behind it full), it is no error and no reason to lose results.
template <typename... Args>
void Say(fmt::format_string<Args...> format, Args&&... args) {
  std::fputs(fmt::format(format, std::forward<Args>(args)...).c_str(), stderr);
}

}  // namespace initscope
