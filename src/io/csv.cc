#include "io/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "base/number_text.h"
#include "base/sha256.h"
#include "io/csv_lines.h"
#include "spec/input_catalog.h"

namespace initscope {
namespace {

// Like std::from_chars, but a '+' is allowed, and what is too large or too
// small for a double becomes infinite or 0.
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

// Whether `text` is written as a whole number: "3", not "3.0".
bool IsWhole(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("+-0123456789") == std::string_view::npos;
}

// Whether the fields are consecutive whole numbers: 5, 6, 7.
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
  CsvParser(ByteSource* source, const CsvOptions& options)
      : source_(source),
        lines_(source),
        label_column_(options.label_column),
        labels_file_(options.labels_file) {}

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
            "{}: labels = column:{} needs a CSV file with a header "
            "line",
            QuotedPath(source_->path()), Quoted(label_column_));
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
    array.sha256 =
        Sha256Hex(array.reals.data(), array.reals.size() * sizeof(double));
    return std::move(table_);
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  template <typename... Args>
  UserError Error(fmt::format_string<Args...> what, Args&&... args) const {
    return LineError(source_->path(), line_number_,
                     fmt::format(what, std::forward<Args>(args)...));
  }

  std::vector<CsvField> Split(std::string_view line) const {
    std::vector<CsvField> fields;
    for (bool more = true; more;) {
      const std::string wrong = TakeField(&line, &fields.emplace_back(), &more);
      if (!wrong.empty()) throw Error("{}", wrong);
    }
    return fields;
  }

  // Whether none of the fields is a number. Quoted fields count as numbers only
  // if those of the second line are quoted, too.
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
            "column {} (counted from 0) has no name; name it, or leave the "
            "column out (pandas: index=False)",
            i);
      table_.columns.push_back(fields[i].text);
    }
    if (std::ranges::all_of(fields, IsMissingCsvField, &CsvField::text))
      throw Error(
          "'{}' stands for what is missing, and is not a header; remove the "
          "line, or name the columns",
          fields[0].text);
    if (!label_column_.empty()) TakeLabelColumn();
  }

  void TakeLabelColumn() {
    std::vector<std::string>& columns = table_.columns;
    const auto found = std::ranges::find(columns, label_column_);
    const bool twice =
        found != columns.end() &&
        std::find(found + 1, columns.end(), label_column_) != columns.end();
    if (found == columns.end() || twice)
      throw LabelsError(ExitCode::kData, "{}: {} '{}'; the columns are {}",
                        QuotedPath(source_->path()),
                        twice ? "two columns are called" : "no column",
                        Quoted(label_column_), Listed(columns));
    label_at_ = static_cast<size_t>(found - columns.begin());
    table_.labels_column = label_at_;
    columns.erase(found);
  }

  void ReadRow(std::string_view line) {
    Reserve();
    CsvField field;
    size_t column = 0;
    for (bool more = true; more; ++column) {
      const std::string_view rest = line;
      const std::string wrong = TakeField(&line, &field, &more);
      if (!wrong.empty()) throw Error("{}", wrong);
      double value = 0;
      if (column == label_at_) {
        if (field.text.empty()) throw FieldError(",", column);
        if (table_.labels.empty()) table_.labels_line = line_number_;
        table_.labels.push_back(field.text);
      } else if (ReadField(field, &value)) {
        table_.array.reals.push_back(value);
        wholes_below_ =
            wholes_below_ || field.quoted || (rows_ > 0 && IsWhole(field.text));
      } else {
        throw FieldError(rest, column);
      }
    }
    if (column != width_)
      throw Error("a row of {} fields, but line 1 has {}", column, width_);
    ++rows_;
  }

  // Whether the field is a number in the range of doubles, or nan or inf.
  static bool ReadField(const CsvField& field, double* value) {
    if (field.quoted)
      return ReadCsvNumber(field.text, value) && !std::isinf(*value);
    const char* const end = field.text.data() + field.text.size();
    const auto [rest, error] = ReadNumber(field.text.data(), end, value);
    return rest == end && error == std::errc();
  }

  // Reserves room for all rows, once the first ones tell how many to expect.
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

  // The error that says what is wrong with the field at the start of `rest`.
  UserError FieldError(std::string_view rest, size_t column) const {
    const std::string_view field = Trim(rest.substr(0, rest.find(',')));
    const std::string where = fmt::format("column {} (counted from 0)", column);
    if (field.empty())
      return Error("{} is empty; every field is a number", where);
    if (IsNumber(field))
      return Error("{}: '{}' is out of the range of a double", where,
                   Quoted(field));
    const bool separated =
        field.find_first_of(";\t ") != std::string_view::npos;
    return Error("{}: '{}' is not a number{}", where, Quoted(field),
                 separated           ? "; fields are separated by commas"
                 : line_number_ == 1 ? "; a header has no numbers in it"
                                     : "");
  }

  // Refuses a first line of numbers that must be names: those that pandas gives
  // to unnamed columns, or whole numbers above rows that have none.
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
    if (sure && !labels_file_) throw Error("{}", doubt);
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
  bool counts_ = false;        // line 1 holds consecutive whole numbers
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
  return std::ranges::find(kMissing, field) != std::end(kMissing);
}

CsvTable ReadCsv(ByteSource* source, const CsvOptions& options) {
  return CsvParser(source, options).Parse();
}

}  // namespace initscope
