// From settings as text to runs of attention.
//
// Either everything is drawn (the sweep over d_k), or X and the three weight
// matrices are the user's files (the worked example, one run).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attention/attention.h"
#include "spec/attention_spec.h"
#include "spec/sweep.h"

namespace initscope {

// Reads the matrix at `path`, the value of `key`. Throws UserError (kData).
using MatrixReader = std::function<Matrix<double>(std::string_view key,
                                                  const std::string& path)>;

struct AttentionSweep {
  std::vector<AttentionSpec> runs;
  size_t duplicates = 0;                         // dropped, by run_id
  std::shared_ptr<const AttentionInputs> given;  // null where drawn
};

// Throws UserError: kUsage for a value that makes no sense, for files together
// with keys of drawn matrices, and for files in more than one run; kData for
// matrices that cannot be read or whose shapes do not chain.
AttentionSweep ResolveAttention(const Sweep& sweep, const MatrixReader& read);

}  // namespace initscope
