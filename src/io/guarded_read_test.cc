#include "io/guarded_read.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"

namespace initscope {
namespace {

std::string MessageOf(const std::function<std::string()>& read,
                      ExitCode expected) {
  try {
    GuardedRead("a.h5", read);
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), expected);
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(GuardedRead, GivesWhatReadGives) {
  EXPECT_EQ(GuardedRead("a.h5", [] { return std::string(); }), "");
  std::string large(10 << 20, 'x');  // many times what a pipe holds
  EXPECT_EQ(GuardedRead("a.h5", [&] { return large; }), large);
}

TEST(GuardedRead, PassesErrorsOn) {
  EXPECT_EQ(
      MessageOf(
          []() -> std::string { throw UserError(ExitCode::kIo, "a.h5: gone"); },
          ExitCode::kIo),
      "a.h5: gone");
  EXPECT_THROW(
      GuardedRead("a.h5",
                  []() -> std::string { throw std::logic_error("never"); }),
      std::runtime_error);
}

TEST(GuardedRead, OutlivesACrash) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGKILL}) {
    const auto crash = [=]() -> std::string {
      std::signal(signal, SIG_DFL);
      std::raise(signal);
      return "";
    };
    EXPECT_NE(MessageOf(crash, ExitCode::kData).find("a.h5: is damaged"),
              std::string::npos);
  }
  EXPECT_NE(MessageOf([]() -> std::string { std::_Exit(0); }, ExitCode::kData)
                .find("is damaged"),
            std::string::npos);
}

// Sanitizers' allocators end the process themselves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(GuardedRead, LimitsMemory) {
  const auto greedy = [] {
    return std::to_string(std::vector<char>(size_t{1} << 40).size());
  };
  EXPECT_NE(MessageOf(greedy, ExitCode::kData).find("more memory"),
            std::string::npos);
}
#endif

TEST(GuardedRead, LimitsTime) {
  const auto loop = []() -> std::string {
    const rlimit sooner = {1, RLIM_INFINITY};  // s
    setrlimit(RLIMIT_CPU, &sooner);
    for (std::atomic<int> i = 0;; ++i) {
    }
  };
  EXPECT_NE(MessageOf(loop, ExitCode::kData).find("does not end"),
            std::string::npos);
}

}  // namespace
}  // namespace initscope
