#include "cli/experiment_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <sstream>
#include <unordered_map>

#include "base/error.h"
#include "base/number_text.h"
#include "base/quoted_text.h"
#include "cli/say.h"
#include "io/file_kind.h"
#include "io/file_reader.h"
#include "io/idx.h"

namespace initscope {
namespace {

// The position that closes the quotation mark at `open`; npos if `open` is no
// opening quotation mark, or nothing closes it.
size_t ClosingQuote(std::string_view line, size_t open) {
  const bool opens =
      line[open] == '"' && open > 0 &&
      std::string_view(" \t=,").find(line[open - 1]) != std::string_view::npos;
  return opens ? line.find('"', open + 1) : std::string_view::npos;
}

// The line without its comment.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 0; i < line.size(); ++i) {
    const size_t close = ClosingQuote(line, i);
    if (close != std::string_view::npos) {
      i = close;
      continue;
    }
    const bool starts = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
    if (line[i] == '#' && starts) return line.substr(0, i);
  }
  return line;
}

constexpr size_t kMostBytes = size_t{64} << 20;

// Suggests what to do with a file of another kind.
std::string OtherUse(const FileKind& kind, const std::string& path) {
  switch (kind.format) {
    case DataFormat::kHdf5:
      return fmt::format(
          "'initscope info {0}' says what results hold, and input = "
          "{0}:/dataset takes data from it",
          path);
    case DataFormat::kNpy:
      return fmt::format("input = {} takes data from it", path);
    default:
      return "write the experiment into a text file, or give its keys as flags";
  }
}

void RefuseOtherKinds(const std::string& content, const std::string& path) {
  const std::span<const uint8_t> start(
      reinterpret_cast<const uint8_t*>(content.data()),
      std::min(content.size(), kFileStart));
  const FileKind* kind = FindFileKind(start);
  static constexpr FileKind kIdx = {"an IDX array", DataFormat::kNpy};
  if (kind == nullptr && HasIdxMagic(start)) kind = &kIdx;
  if (kind == nullptr) return;
  if (!kind->remedy.empty()) {
    FailUsage("{}:1: {}, where an experiment file is text in UTF-8{}",
              QuotedPath(path), kind->name, kind->remedy);
  }
  FailUsage("{}: {}, not an experiment file ('key = value' lines); {}",
            QuotedPath(path), kind->name, OtherUse(*kind, QuotedPath(path)));
}

}  // namespace

ExperimentText ParseExperiment(const std::string& content,
                               const std::string& path) {
  ExperimentText text;
  text.name = std::filesystem::path(path).stem().string();
  RefuseOtherKinds(content, path);
  std::unordered_map<std::string, std::string> section_at;
  std::istringstream stream(
      content.starts_with("\xEF\xBB\xBF") ? content.substr(3) : content);
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const std::string where = fmt::format("{}:{}", path, number);
    if (line.find('\0') != std::string::npos) {
      FailUsage(
          "{}: a zero byte, so this is not a text file in UTF-8; save it as "
          "one",
          where);
    }
    const std::string_view body = Trim(WithoutComment(line));
    if (body.empty()) continue;
    if (!IsUtf8(body)) {
      FailUsage(
          "{}: '{}' is not UTF-8; save the file in UTF-8, and rename what it "
          "names",
          where, Quoted(body));
    }
    if (body.front() == '[') {
      const std::string name(
          Trim(body.substr(1, body.size() - (body.ends_with(']') ? 2 : 1))));
      if (!body.ends_with(']') || name.empty()) {
        FailUsage("{}: a section is written [name], not '{}'", where,
                  Quoted(body));
      }
      const auto [first, fresh] = section_at.emplace(name, where);
      if (!fresh) {
        FailUsage(
            "{}: section [{}] is there already ({}); join the two or rename "
            "one",
            where, Quoted(name), first->second);
      }
      text.sections.push_back({name, where, {}});
      continue;
    }
    const size_t equals = body.find('=');
    const std::string_view key =
        equals == std::string_view::npos ? "" : Trim(body.substr(0, equals));
    if (key.empty()) {
      FailUsage("{}: '{}' is not 'key = value', a [section] or a # comment",
                where, Quoted(body));
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
    throw UserError(ExitCode::kIo, "{}: is a folder, not an experiment file",
                    QuotedPath(path));
  }
  FileReader file(path, "experiment file", ExitCode::kIo);
  std::string content;
  const auto read_more = [&](size_t size) {
    const size_t before = content.size();
    content.resize(before + size);
    content.resize(
        before +
        file.Read(reinterpret_cast<uint8_t*>(content.data() + before), size));
    return content.size() == before + size;
  };
  bool is_more = read_more(kFileStart);
  RefuseOtherKinds(content, path);  // before reading a model of 10 GB
  constexpr size_t kBlock = size_t{1} << 16;
  while (is_more && content.size() <= kMostBytes) is_more = read_more(kBlock);
  if (content.size() > kMostBytes) {
    FailUsage("{}: more than {} MiB, which no experiment file has",
              QuotedPath(path), kMostBytes >> 20);
  }
  return ParseExperiment(content, path);
}

}  // namespace initscope
