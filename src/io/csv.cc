#include "io/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "base/number_text.h"
#include "io/csv_lines.h"
#include "spec/input_catalog.h"

namespace initscope {
namespace {

// As std::from_chars at `begin`, but a '+' is allowed, and what is too large or
// too small for a double is infinite or 0.
std::from_chars_result ReadNumber(const char* begin, const char* end,
                                  double* value) {
  if (end - begin > 1 && *begin == '+' && begin[1] != '-') ++begin;
  std::from_chars_result result = std::from_chars(begin, end, *value);
  if (result.ec == std::errc::result_out_of_range) {
    *value = std::strtod(std::string(begin, result.ptr).c_str(), nullptr);
    if (!std::isinf(*value)) result.ec = {};
  }
  return result;
}

bool IsNumber(std::string_view text) {
  double value;
  return ReadCsvNumber(text, &value);
}

// Whether `text` spells a whole number as one: "3", not "3.0".
bool IsWhole(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("+-0123456789") == std::string_view::npos;
}

// Whether the fields count: 5, 6, 7.
bool Counts(const std::vector<CsvField>& fields) {
  double first = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    double value = 0;
    if (!IsWhole(fields[i].text) || !ReadCsvNumber(fields[i].text, &value))
      return false;
    if (i == 0) first = value;
    if (value != first + static_cast<double>(i)) return false;
  }
  return true;
}

class CsvParser {
 public:
  CsvParser(ByteSource* source, std::string_view label_column, bool labels_file)
      : source_(source),
        lines_(source),
        label_column_(label_column),
        labels_file_(labels_file) {}

  CsvTable Parse() {
    std::string_view line;
    if (!lines_.Next(&line))
      throw DataError(source_->path(), "the CSV file has no lines");
    const std::string first(line);
    const std::vector<CsvField> fields = Split(first);
    width_ = fields.size();
    if (labels_file_ && width_ == 1) label_at_ = 0;
    const bool more = lines_.Next(&line);
    if (label_at_ == kNone && IsHeader(fields, more ? line : "")) {
      TakeHeader(fields);
    } else {
      if (!label_column_.empty())
        throw LabelsError(
            ExitCode::kData,
            fmt::format("{}: labels = column:{} needs a CSV file with a header "
                        "line",
                        QuotedPath(source_->path()), Quoted(label_column_)));
      counts_ = Counts(fields);
      wholes_below_ = !counts_;
      ReadRow(first);
    }
    if (more) {
      do {
        line_number_ = lines_.number();
        ReadRow(line);
      } while (lines_.Next(&line));
    }
    JudgeFirstLine(fields);
    Array& array = table_.array;
    array.shape = {rows_, width_ - (label_at_ == kNone ? 0 : 1)};
    Sha256 digest;
    digest.Update(array.reals.data(), array.reals.size() * sizeof(double));
    array.sha256 = digest.HexDigest();
    return std::move(table_);
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  UserError Error(const std::string& what) const {
    return UserError(ExitCode::kData,
                     fmt::format("{}:{}: {}", QuotedPath(source_->path()),
                                 line_number_, what));
  }

  std::vector<CsvField> Split(std::string_view line) const {
    std::vector<CsvField> fields;
    for (bool more = true; more;) {
      const std::string wrong = TakeField(&line, &fields.emplace_back(), &more);
      if (!wrong.empty()) throw Error(wrong);
    }
    return fields;
  }

  // None of its fields is a number: a number in quotation marks is one where
  // those of the second line are, too.
  bool IsHeader(const std::vector<CsvField>& fields,
                std::string_view second) const {
    bool words = false;
    for (const CsvField& field : fields) {
      const bool number = IsNumber(field.text);
      if (number && !field.quoted) return false;
      words = words || !number;
    }
    const size_t begin = second.find_first_not_of(" \t");
    const bool quoted_below =
        begin == std::string_view::npos || second[begin] == '"';
    return words || !quoted_below;
  }

  void TakeHeader(const std::vector<CsvField>& fields) {
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].text.empty())
        throw Error(
            fmt::format("column {} (counted from 0) has no name; name "
                        "it, or leave the column out (pandas: index=False)",
                        i));
      table_.columns.push_back(fields[i].text);
    }
    if (std::all_of(fields.begin(), fields.end(), [](const CsvField& field) {
          return IsMissingCsvField(field.text);
        }))
      throw Error(
          fmt::format("'{}' stands for what is missing, and is not a "
                      "header; remove the line, or name the columns",
                      fields[0].text));
    if (!label_column_.empty()) TakeLabelColumn();
  }

  void TakeLabelColumn() {
    std::vector<std::string>& columns = table_.columns;
    const auto found = std::find(columns.begin(), columns.end(), label_column_);
    const bool twice =
        found != columns.end() &&
        std::find(found + 1, columns.end(), label_column_) != columns.end();
    if (found == columns.end() || twice)
      throw LabelsError(
          ExitCode::kData,
          fmt::format("{}: {} '{}'; the columns are {}",
                      QuotedPath(source_->path()),
                      twice ? "two columns are called" : "no column",
                      Quoted(label_column_), Listed(columns)));
    label_at_ = static_cast<size_t>(found - columns.begin());
    table_.labels_column = label_at_;
    columns.erase(found);
  }

  void ReadRow(std::string_view line) {
    std::vector<double>& reals = table_.array.reals;
    Reserve();
    const char* at = line.data();
    const char* const end = at + line.size();
    const auto skip_blanks = [&at, end] {
      while (at != end && (*at == ' ' || *at == '\t')) ++at;
    };
    size_t fields = 0;
    while (true) {
      skip_blanks();
      const char* const begin = at;
      if (fields == label_at_ || (at != end && *at == '"')) {
        at = ReadSlowly({at, end}, fields);
      } else {
        double value = 0;
        const auto [rest, error] = ReadNumber(at, end, &value);
        at = rest;
        const bool whole =
            !wholes_below_ && rows_ > 0 && IsWhole({begin, rest});
        wholes_below_ = wholes_below_ || whole;
        skip_blanks();
        if (error != std::errc() || (at != end && *at != ','))
          throw FieldError(std::string_view(begin, end), fields);
        reals.push_back(value);
      }
      ++fields;
      if (at == end) break;
      ++at;  // the comma
    }
    if (fields != width_)
      throw Error(
          fmt::format("a row of {} fields, but line 1 has {}", fields, width_));
    ++rows_;
  }

  // Reads a field that is quoted or a label; returns where it ends.
  const char* ReadSlowly(std::string_view rest, size_t column) {
    const char* const end = rest.data() + rest.size();
    CsvField field;
    bool more = false;
    const std::string_view whole = rest;
    const std::string wrong = TakeField(&rest, &field, &more);
    if (!wrong.empty()) throw Error(wrong);
    if (column == label_at_) {
      if (field.text.empty()) throw FieldError(",", column);
      if (table_.labels.empty()) table_.labels_line = line_number_;
      table_.labels.push_back(field.text);
    } else {
      double value = 0;
      if (!ReadCsvNumber(field.text, &value) || std::isinf(value))
        throw FieldError(whole, column);
      table_.array.reals.push_back(value);
      wholes_below_ = true;
    }
    return more ? rest.data() - 1 : end;
  }

  // Room for all rows, once the first ones tell how many there may be.
  void Reserve() {
    constexpr size_t kRowsThatTell = 1000;
    std::vector<double>& reals = table_.array.reals;
    if (rows_ == kRowsThatTell && source_->SizeHint() > 0) {
      const double rows = 1.02 * static_cast<double>(source_->SizeHint()) /
                          static_cast<double>(lines_.bytes()) *
                          static_cast<double>(rows_);
      const double numbers = rows * static_cast<double>(width_);
      CheckFits(numbers * sizeof(double), source_->path());
      reals.reserve(static_cast<size_t>(numbers));
    }
    if (reals.size() + width_ > reals.capacity())
      CheckFits(3.0 * sizeof(double) * static_cast<double>(reals.size()),
                source_->path());
  }

  // What is wrong with the field that `rest` of a line begins with.
  UserError FieldError(std::string_view rest, size_t column) const {
    const std::string_view field = Trim(rest.substr(0, rest.find(',')));
    const std::string where = fmt::format("column {} (counted from 0)", column);
    if (field.empty())
      return Error(where + " is empty; every field is a number");
    if (IsNumber(field))
      return Error(fmt::format("{}: '{}' is out of the range of a double",
                               where, Quoted(field)));
    const bool separated =
        field.find_first_of(";\t ") != std::string_view::npos;
    return Error(fmt::format("{}: '{}' is not a number{}", where, Quoted(field),
                             separated ? "; fields are separated by commas"
                             : line_number_ == 1
                                 ? "; a header has no numbers in it"
                                 : ""));
  }

  // Refuses a first line of numbers that are names: those that pandas gives to
  // columns without any, or whole ones above rows that have none.
  void JudgeFirstLine(const std::vector<CsvField>& fields) {
    if (!counts_) return;
    const bool from_zero =
        IsNumber(fields[0].text) &&
        fields[0].text.find_first_not_of("+-0") == std::string::npos;
    const bool alone = !wholes_below_ && rows_ > 1;
    const std::string line =
        width_ == 1 ? fields[0].text
                    : fmt::format("{}, …, {}", Quoted(fields[0].text),
                                  Quoted(fields.back().text));
    const std::string doubt = fmt::format(
        "line 1 ({}) counts the columns, as a header does that names none; if "
        "it is one, remove it (pandas: header=False) or name the columns; if "
        "it is data, write {}.0",
        line, Quoted(fields[0].text));
    line_number_ = 1;
    const bool sure = (from_zero && width_ > 1) || (alone && width_ > 2);
    if (sure && !labels_file_) throw Error(doubt);
    if (alone || labels_file_) table_.doubt = doubt;
  }

  ByteSource* source_;
  CsvLines lines_;
  std::string_view label_column_;
  bool labels_file_;
  CsvTable table_;
  size_t line_number_ = 1;
  size_t width_ = 0;
  size_t label_at_ = kNone;
  size_t rows_ = 0;
  bool counts_ = false;        // line 1 is a row of whole numbers that count
  bool wholes_below_ = false;  // and there are whole numbers below it
};

}  // namespace

bool ReadCsvNumber(std::string_view field, double* number) {
  std::string_view text = Trim(field);
  if (text.size() > 1 && text.front() == '"' && text.back() == '"')
    text = Trim(text.substr(1, text.size() - 2));
  const char* end = text.data() + text.size();
  const auto [rest, error] = ReadNumber(text.data(), end, number);
  return rest == end && error != std::errc::invalid_argument;
}

bool IsMissingCsvField(std::string_view field) {
  constexpr std::string_view kMissing[] = {"NA",   "N/A", "null", "NULL",
                                           "None", "?",   "-",    "missing"};
  return std::find(std::begin(kMissing), std::end(kMissing), field) !=
         std::end(kMissing);
}

CsvTable ReadCsv(ByteSource* source, std::string_view label_column) {
  return CsvParser(source, label_column, false).Parse();
}

CsvTable ReadCsvLabels(ByteSource* source) {
  return CsvParser(source, {}, true).Parse();
}

}  // namespace initscope
