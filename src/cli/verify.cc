// initscope verify: whether a results file is sound.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/quoted_text.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "io/verify_results.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

Json CheckJson(const std::string& path, const FileCheck& check) {
  Json json = {{"file", Printable(path)},
               {"ok", check.problems.empty()},
               {"problems", check.problems},
               {"format_version", check.format_version},
               {"numerics_version", check.numerics_version},
               {"runs", check.runs},
               {"planned", check.planned},
               {"duplicates", check.duplicates},
               {"rows", check.rows},
               {"non_finite", check.non_finite}};
  for (size_t i = 0; i < kRunStatusNames.size(); ++i) {
    json["status"][std::string(kRunStatusNames[i])] = check.counts[i];
  }
  return json;
}

void PrintCheck(const std::string& path, const FileCheck& check) {
  fmt::print("{}: {}\n", Printable(path),
             check.problems.empty() ? "sound" : "not sound");
  for (const std::string& problem : check.problems) {
    fmt::print("  {}\n", problem);
  }
  if (check.format_version == 0) return;  // it could not be read
  fmt::print("  format {}, numerics {}\n  {} runs", check.format_version,
             check.numerics_version, check.runs);
  if (check.planned > 0) fmt::print(" of {} planned", check.planned);
  for (size_t i = 0; i < kRunStatusNames.size(); ++i) {
    if (check.counts[i] == 0) continue;
    fmt::print(", {} {}", check.counts[i], kRunStatusNames[i]);
  }
  fmt::print("; {} rows of layers, {:.0f} entries that are not finite\n",
             check.rows, check.non_finite);
}

}  // namespace

int VerifyCommand(const Options& options) {
  if (options.files.empty()) {
    FailUsage(
        "verify needs a results file, as 'initscope verify results/a.h5'");
  }
  const std::string& path = options.files[0];
  const FileCheck check = VerifyResults(path);
  if (options.json) {
    fmt::print("{}", JsonText(CheckJson(path, check)));
  } else {
    PrintCheck(path, check);
  }
  return static_cast<int>(check.problems.empty() ? ExitCode::kSuccess
                                                 : ExitCode::kData);
}

}  // namespace initscope
