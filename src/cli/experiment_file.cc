#include "cli/experiment_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/number_text.h"

namespace initscope {
namespace {

// The line without its comment.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    const bool starts = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
    if (line[i] == '#' && starts) return line.substr(0, i);
  }
  return line;
}

// A line for a message, shortened.
std::string Quoted(std::string_view line) {
  size_t size = 40;
  if (line.size() <= size) return std::string(line);
  // Not within a character of UTF-8.
  while ((static_cast<unsigned char>(line[size]) & 0xC0) == 0x80 && size > 36) {
    --size;
  }
  return std::string(line.substr(0, size)) + "…";
}

}  // namespace

ExperimentText ParseExperiment(const std::string& content,
                               const std::string& path) {
  ExperimentText text;
  text.name = std::filesystem::path(path).stem().string();
  std::istringstream stream(
      content.starts_with("\xEF\xBB\xBF") ? content.substr(3) : content);
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const std::string where = fmt::format("{}:{}", path, number);
    if (line.find('\0') != std::string::npos) {
      throw UserError(ExitCode::kUsage,
                      fmt::format("{}: a zero byte, so this is not a text file "
                                  "in UTF-8; save it as one",
                                  where));
    }
    const std::string_view body = Trim(WithoutComment(line));
    if (body.empty()) continue;
    if (body.front() == '[') {
      const std::string name(
          Trim(body.substr(1, body.size() - (body.ends_with(']') ? 2 : 1))));
      if (!body.ends_with(']') || name.empty()) {
        throw UserError(ExitCode::kUsage,
                        fmt::format("{}: a section is written [name], not '{}'",
                                    where, Quoted(body)));
      }
      for (const auto& section : text.sections) {
        if (section.name == name) {
          throw UserError(ExitCode::kUsage,
                          fmt::format("{}: section [{}] is there already ({}); "
                                      "join the two or rename one",
                                      where, name, section.where));
        }
      }
      text.sections.push_back({name, where, {}});
      continue;
    }
    const size_t equals = body.find('=');
    const std::string_view key =
        equals == std::string_view::npos ? "" : Trim(body.substr(0, equals));
    if (key.empty()) {
      throw UserError(ExitCode::kUsage,
                      fmt::format("{}: '{}' is not 'key = value', a [section] "
                                  "or a # comment",
                                  where, Quoted(body)));
    }
    auto& settings =
        text.sections.empty() ? text.common : text.sections.back().settings;
    settings.push_back(
        {std::string(key), std::string(Trim(body.substr(equals + 1))), where});
  }
  return text;
}

ExperimentText ReadExperimentFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw UserError(
        ExitCode::kIo,
        fmt::format("{}: is a folder, not an experiment file", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw UserError(ExitCode::kIo,
                    fmt::format("{}: cannot read the experiment file: {}", path,
                                std::strerror(errno)));
  }
  std::ostringstream content;
  content << file.rdbuf();
  return ParseExperiment(content.str(), path);
}

}  // namespace initscope
