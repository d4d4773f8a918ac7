// An output file could not be made: not what is in it is wrong, but the place.
// Another place may do (io/publish.h).
#pragma once

#include "base/error.h"

namespace initscope {

class OutputError : public UserError {
 public:
  using UserError::UserError;
};

}  // namespace initscope
