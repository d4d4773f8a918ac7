#include "cli/ending.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/json_text.h"
#include "cli/say.h"
#include "cli/units.h"

namespace initscope {

using Json = nlohmann::ordered_json;

int EndInterrupted(const InterruptFlag& interrupt, size_t complete, size_t runs,
                   std::string_view outcome) {
  Say("initscope: interrupted after {} of {} runs{}\n", complete, runs,
      outcome);
  return interrupt.ExitCode();
}

void Tell(const Options& options, const OutputFile& output, const Json& json,
          const std::string& summary) {
  const std::string path = output.path().string();
  if (options.json) {
    Json all = {{"output", path}};
    all.update(json);
    fmt::print("{}", JsonText(std::move(all)));
  }
  if (options.quiet) return;
  Say("{} -> {} ({})\n", summary, path,
      BytesText(static_cast<double>(std::filesystem::file_size(path))));
}

}  // namespace initscope
