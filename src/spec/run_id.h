// What identifies a run: a digest of everything that its numbers depend on.
// Part of the file format: the text of a released key never changes.
#pragma once

#include <cstdint>
#include <string>

#include "spec/attention_spec.h"

namespace initscope {

// Sorted lines `key=value` that say what a run computes. Widths are written as
// `shape`, numbers in shortest form, data as a digest of its content; keys at
// their default are left out.
std::string CanonicalRun(const RunSpec& run);
std::string CanonicalRun(const AttentionSpec& run);
// The first 64 bits of the SHA-256 of CanonicalRun().
uint64_t RunId(const RunSpec& run);
uint64_t RunId(const AttentionSpec& run);
std::string RunIdHex(uint64_t run_id);

// Throws UserError (kUsage) "run ID (TITLE): WHAT".
[[noreturn]] void RefuseRun(const RunSpec& run, const std::string& what);

}  // namespace initscope
