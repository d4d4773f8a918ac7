// What identifies a run: the digest of everything that its numbers depend on.
// Part of the file format: a released key never changes how it is written.
#pragma once

#include <cstdint>
#include <string>

#include "spec/run_spec.h"

namespace initscope {

// The sorted `key=value` lines that say what a run computes: widths as shape,
// numbers in shortest form, data by content, keys at their default left out.
std::string CanonicalRun(const RunSpec& run);
// The first 64 bits of the SHA-256 of CanonicalRun().
uint64_t RunId(const RunSpec& run);
std::string RunIdHex(uint64_t run_id);

}  // namespace initscope
