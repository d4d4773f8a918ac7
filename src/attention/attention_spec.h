// One run of attention, resolved: from settings as text to numbers.
//
// Either everything is drawn (the sweep over d_k), or X and the three weight
// matrices are the user's files (the worked example, one run).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attention/attention.h"
#include "nn/initializers.h"
#include "spec/sweep.h"

namespace initscope {

struct AttentionSpec {
  size_t tokens = 64, d_model = 512, d_k = 64;
  bool scaled = true;
  AttentionSoftmax softmax;
  // Of drawn weights: W = gain · s · U; null where they are from files.
  const Initializer* init = nullptr;
  double gain = 1;
  uint64_t seed = 0;
  uint64_t run_id = 0;

  // The standard deviation of the entries of W: gain · s.
  double WeightScale() const;
  std::string Title() const;  // for messages
};

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

// The sorted `key=value` lines that say what a drawn run computes, and the
// first 64 bits of their SHA-256. Keys once released never change how they
// are written.
std::string CanonicalAttention(const AttentionSpec& run);

}  // namespace initscope
