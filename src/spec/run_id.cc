#include "spec/run_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "spec/key_table.h"

namespace initscope {

namespace {

std::string Sorted(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

uint64_t IdOf(const std::string& canonical) {
  return std::stoull(Sha256Hex(canonical).substr(0, 16), nullptr, 16);
}

}  // namespace

std::string CanonicalRun(const RunSpec& run) {
  return Sorted(IdentityLines(NetworkKeys(), run));
}

std::string CanonicalRun(const AttentionSpec& run) {
  std::vector<std::string> lines = IdentityLines(AttentionKeys(), run);
  lines.push_back("command=attention");
  return Sorted(std::move(lines));
}

uint64_t RunId(const RunSpec& run) { return IdOf(CanonicalRun(run)); }
uint64_t RunId(const AttentionSpec& run) { return IdOf(CanonicalRun(run)); }

std::string RunIdHex(uint64_t run_id) { return fmt::format("{:016x}", run_id); }

[[noreturn]] void RefuseRun(const RunSpec& run, const std::string& what) {
  throw UserError(ExitCode::kUsage, "run {} ({}): {}", RunIdHex(run.run_id),
                  run.Title(), what);
}

}  // namespace initscope
