// Interruption: a flag that long work looks at, about once a second or more
// often.
#pragma once

#include <atomic>
#include <exception>

namespace initscope {

// Thrown by work whose flag was raised.
struct Interrupted : std::exception {};

class StopFlag {
 public:
  // Refers to `raised`; nullptr is never raised.
  // NOLINTNEXTLINE(google-explicit-constructor)
  StopFlag(const std::atomic<bool>* raised = nullptr) : raised_(raised) {}

  // Throws Interrupted.
  void Check() const {
    if (raised_ != nullptr && *raised_) throw Interrupted();
  }

 private:
  const std::atomic<bool>* raised_;
};

}  // namespace initscope
