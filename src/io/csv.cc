#include "io/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "io/byte_source.h"

namespace initscope {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// `text` for a message: short, and without what would break the line.
std::string Shown(std::string_view text) {
  constexpr size_t kMaxShown = 40;
  std::string shown(text.substr(0, kMaxShown));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  return text.size() > kMaxShown ? shown + "…" : shown;
}

// As std::from_chars at `begin`, but a '+' is allowed.
std::from_chars_result ReadNumber(const char* begin, const char* end,
                                  double* value) {
  if (end - begin > 1 && *begin == '+' && begin[1] != '-') ++begin;
  return std::from_chars(begin, end, *value);
}

bool IsNumber(std::string_view field) {
  const std::string_view text = Trim(field);
  const char* end = text.data() + text.size();
  double value;
  const auto [rest, error] = ReadNumber(text.data(), end, &value);
  return rest == end && error != std::errc::invalid_argument;
}

class CsvParser {
 public:
  CsvParser(std::string_view text, const std::string& path)
      : text_(text), path_(path) {}

  CsvTable Parse() {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kByteOrderMark))
      text_.remove_prefix(kByteOrderMark.size());
    text_ = text_.substr(0, text_.find_last_not_of("\r\n") + 1);
    if (text_.empty()) throw DataError(path_, "the CSV file has no lines");

    CsvTable table;
    std::string_view line = NextLine();
    table.columns = HeaderNames(line);
    width_ = table.columns.size();
    if (width_ == 0) {
      width_ =
          1 + static_cast<size_t>(std::count(line.begin(), line.end(), ','));
      ReadRow(line, &table.array.reals);
    }
    while (!text_.empty()) {
      line = NextLine();
      ReadRow(line, &table.array.reals);
    }
    table.array.shape = {table.array.reals.size() / width_, width_};
    Sha256 digest;
    digest.Update(table.array.reals.data(),
                  table.array.reals.size() * sizeof(double));
    table.array.sha256 = digest.HexDigest();
    return table;
  }

 private:
  UserError Error(const std::string& what) const {
    return DataError(fmt::format("{}:{}", path_, line_number_), what);
  }

  std::string_view NextLine() {
    ++line_number_;
    const size_t end = std::min(text_.find('\n'), text_.size());
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (Trim(line).empty()) throw Error("an empty line; remove it");
    return line;
  }

  // The names in the first line, or none where one of its fields is a number.
  // A quoted field is a name, may hold commas, and "" in it stands for ".
  std::vector<std::string> HeaderNames(std::string_view line) const {
    std::vector<std::string> names;
    while (true) {
      line.remove_prefix(
          std::min(line.find_first_not_of(kBlanks), line.size()));
      std::string name;
      if (line.starts_with('"')) {
        line.remove_prefix(1);
        name = TakeQuoted(&line);
      } else {
        const std::string_view field = line.substr(0, line.find(','));
        if (IsNumber(field)) return {};
        name = Trim(field);
        line.remove_prefix(field.size());
      }
      if (name.empty())
        throw Error(
            fmt::format("column {} (counted from 0) has no name; name "
                        "it, or leave the column out",
                        names.size()));
      names.push_back(name);
      if (line.empty()) return names;
      line.remove_prefix(1);  // the comma
    }
  }

  // The rest of a quoted field whose opening quote was taken; leaves the line
  // at its end or at the comma that follows.
  std::string TakeQuoted(std::string_view* line) const {
    std::string name;
    while (true) {
      const size_t quote = line->find('"');
      if (quote == std::string_view::npos)
        throw Error("a quotation mark is missing");
      name += line->substr(0, quote);
      line->remove_prefix(quote + 1);
      if (!line->starts_with('"')) break;
      name += '"';
      line->remove_prefix(1);
    }
    line->remove_prefix(
        std::min(line->find_first_not_of(kBlanks), line->size()));
    if (!line->empty() && !line->starts_with(','))
      throw Error("a comma is missing after a quotation mark");
    return name;
  }

  void ReadRow(std::string_view line, std::vector<double>* reals) const {
    const char* at = line.data();
    const char* const end = at + line.size();
    const auto skip_blanks = [&at, end] {
      while (at != end && (*at == ' ' || *at == '\t')) ++at;
    };
    size_t fields = 0;
    while (true) {
      skip_blanks();
      const char* const begin = at;
      double value = 0;
      const auto [rest, error] = ReadNumber(at, end, &value);
      at = rest;
      skip_blanks();
      if (error != std::errc() || (at != end && *at != ','))
        throw FieldError(std::string_view(begin, end), fields);
      reals->push_back(value);
      ++fields;
      if (at == end) break;
      ++at;  // the comma
    }
    if (fields != width_)
      throw Error(
          fmt::format("a row of {} fields, but line 1 has {}", fields, width_));
  }

  // What is wrong with the field that `rest` of a line begins with.
  UserError FieldError(std::string_view rest, size_t column) const {
    const std::string_view field = Trim(rest.substr(0, rest.find(',')));
    const std::string where = fmt::format("column {} (counted from 0)", column);
    if (field.empty())
      return Error(where + " is empty; every field is a number");
    if (IsNumber(field))
      return Error(fmt::format("{}: '{}' is out of the range of a double",
                               where, Shown(field)));
    const bool separated =
        field.find_first_of(";\t ") != std::string_view::npos;
    return Error(fmt::format("{}: '{}' is not a number{}", where, Shown(field),
                             separated ? "; fields are separated by commas"
                             : line_number_ == 1
                                 ? "; a header has no numbers in it"
                                 : ""));
  }

  std::string_view text_;  // what is not yet read
  const std::string& path_;
  size_t line_number_ = 0;
  size_t width_ = 0;
};

}  // namespace

CsvTable ParseCsv(std::span<const uint8_t> content, const std::string& path) {
  const std::string_view text(reinterpret_cast<const char*>(content.data()),
                              content.size());
  return CsvParser(text, path).Parse();
}

}  // namespace initscope
