#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace initscope {

void CheckFailed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "%s:%d: internal error: %s does not hold\n", file, line,
               what);
  std::abort();
}

}  // namespace initscope
