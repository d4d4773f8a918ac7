#include "io/hdf5_error.h"

#include <hdf5.h>

#include <algorithm>
#include <string_view>

namespace initscope {
namespace {

// Takes the first record and stops the walk.
herr_t TakeFirst(unsigned, const H5E_error2_t* record, void* reason) {
  if (record->desc != nullptr) {
    *static_cast<std::string*>(reason) = record->desc;
  }
  return 1;
}

}  // namespace

std::string Hdf5Reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, TakeFirst, &reason);
  // A driver's record: "…, errno = 28, error message = 'No space left on
  // device', buf = 0x…, …".
  constexpr std::string_view kSystem = "error message = '";
  const size_t begin = reason.find(kSystem);
  if (begin != std::string::npos) {
    reason.erase(0, begin + kSystem.size());
    reason.erase(std::min(reason.find('\''), reason.size()));
  }
  return reason.empty() ? "unknown reason" : reason;
}

}  // namespace initscope
