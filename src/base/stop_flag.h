// Interruption: a flag that long work checks at least about once a second.
#pragma once

#include <atomic>
#include <exception>

namespace initscope {

// Thrown by work whose flag is raised.
struct Interrupted : std::exception {};

class StopFlag {
 public:
  // Refers to `raised`; without one the flag is never raised.
  // NOLINTNEXTLINE(google-explicit-constructor)
  StopFlag(const std::atomic<bool>* raised = nullptr) : raised_(raised) {}

  // Throws Interrupted if the flag is raised.
  void Check() const {
    if (raised_ != nullptr && *raised_) throw Interrupted();
  }

 private:
  const std::atomic<bool>* raised_;
};

}  // namespace initscope
