// Flushes denormal numbers to zero, or keeps them, for a scope of one thread.
//
// Exponents are stored beside the numbers, so that denormals are negligible;
// arithmetic on them takes a hundred times as long.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <cstdint>
#endif

namespace initscope {

// Sets the mode to `kFlush`, and restores the old one at the end of the scope.
template <bool kFlush>
class DenormalMode {
 public:
#if defined(__x86_64__)
  DenormalMode() : saved_(_mm_getcsr()) {
    constexpr unsigned int kFlushToZero = 1u << 15;
    constexpr unsigned int kDenormalsAreZero = 1u << 6;
    constexpr unsigned int kBits = kFlushToZero | kDenormalsAreZero;
    _mm_setcsr(kFlush ? saved_ | kBits : saved_ & ~kBits);
  }
  ~DenormalMode() { _mm_setcsr(saved_); }
#elif defined(__aarch64__)
  DenormalMode() {
    constexpr uint64_t kBits = uint64_t{1} << 24;
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0"
                 :
                 : "r"(kFlush ? saved_ | kBits : saved_ & ~kBits));
  }
  ~DenormalMode() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
  DenormalMode() = default;
#endif
  DenormalMode(const DenormalMode&) = delete;
  DenormalMode& operator=(const DenormalMode&) = delete;

 private:
#if defined(__x86_64__)
  unsigned int saved_;
#elif defined(__aarch64__)
  uint64_t saved_;
#endif
};

using FlushDenormals = DenormalMode<true>;
// For numbers that lose their exponents on the way into a file.
using KeepDenormals = DenormalMode<false>;

}  // namespace initscope
