// The two kinds of failure.
//
// UserError: a configuration or a file is wrong. It is thrown where that is
// found and caught once, in main. Its message is one line that says what is
// wrong, where, and what to do.
// INITSCOPE_CHECK: the programmer is wrong. Prints the condition and aborts.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

namespace initscope {

// As in sysexits.h, where that has a code. The values are part of the contract
// of the command line: do not change them.
enum class ExitCode : int {
  kSuccess = 0,
  kCheckFailed = 1,
  kUsage = 64,  // command line or experiment file
  kData = 65,   // input data
  kInternal = 70,
  kCannotCreate = 73,  // an output file
  kIo = 74,
  kBusy = 75,  // or interrupted: run again
};

class UserError : public std::runtime_error {
 public:
  // The message is `format` with `args` in its {}.
  template <typename... Args>
  UserError(ExitCode code, fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)),
        code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

[[noreturn]] void CheckFailed(const char* file, int line, const char* what);

}  // namespace initscope

#define INITSCOPE_CHECK(condition)                              \
  do {                                                          \
    if (!(condition))                                           \
      ::initscope::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)
