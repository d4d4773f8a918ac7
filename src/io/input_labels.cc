#include "io/input_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/sha256.h"

namespace initscope {
namespace {

constexpr size_t kMostLabels = 65536;

class LabelDecoder {
 public:
  LabelDecoder(const CsvTable& table, const std::string& path, InputData* data)
      : table_(table), path_(path), data_(data) {}

  void DecodeArray() {
    const Array& array = table_.array;
    const std::vector<size_t>& shape = array.shape;
    const bool rows = shape.size() == 2 && shape[1] != 1;
    auto one_hot = rows ? OneHotLabels() : std::nullopt;
    if (shape.size() > 2 || (rows && !one_hot)) {
      throw DataError(path_,
                      "labels are one-hot rows or one number per sample, but "
                      "their shape is {}; rows of Y follow from them and "
                      "label_smoothing",
                      Listed(shape, " × "));
    }
    CheckCount(shape[0]);
    data_->labels_sha256 = array.sha256;
    if (rows) {
      data_->labels = std::move(*one_hot);
      data_->notes.push_back(
          fmt::format("labels are one-hot rows of {} columns", shape[1]));
    } else if (array.reals.empty()) {
      data_->labels.assign(array.bytes.begin(), array.bytes.end());
    } else {
      TakeNumbers(array.reals);
    }
  }

  // Decodes the fields of a CSV. In a whole file the first may be a header.
  void DecodeFields(bool whole_file) {
    std::span<const std::string> fields = table_.labels;
    const auto is_word = [](const std::string& field) {
      double number = 0;
      return !ReadCsvNumber(field, &number);
    };
    const size_t words =
        static_cast<size_t>(std::ranges::count_if(fields, is_word));
    const bool header = whole_file && is_word(fields[0]) &&
                        (words == 1 || fields.size() == data_->samples + 1);
    if (header) fields = fields.subspan(1);
    CheckCount(fields.size());
    const size_t line = table_.labels_line + (header ? 1 : 0);
    std::vector<double> numbers(fields.size());
    if (words == (header ? 1 : 0)) {
      for (size_t i = 0; i < fields.size(); ++i)
        ReadCsvNumber(fields[i], &numbers[i]);
    } else {
      NumberWords(fields, line, &numbers);
    }
    TakeNumbers(numbers);
    data_->labels_sha256 =
        Sha256Hex(numbers.data(), numbers.size() * sizeof(double));
  }

 private:
  void CheckCount(size_t count) const {
    if (count == data_->samples) return;
    const bool may_be_header =
        count == data_->samples + 1 && !table_.doubt.empty();
    throw DataError(path_, "{} labels for {} samples{}{}", count,
                    data_->samples, may_be_header ? "; " : "",
                    may_be_header ? table_.doubt : "");
  }

  // The column of the 1 in each row; nothing if a row is not one-hot.
  std::optional<std::vector<int32_t>> OneHotLabels() const {
    const Array& array = table_.array;
    const size_t columns = array.shape[1];
    if (columns > kMostLabels) return {};
    std::vector<int32_t> labels;
    for (size_t i = 0; i < array.shape[0]; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        const size_t at = i * columns + j;
        const double entry =
            array.reals.empty() ? array.bytes[at] : array.reals[at];
        if (entry == 1 && labels.size() == i) {
          labels.push_back(static_cast<int32_t>(j));
        } else if (entry != 0) {
          return {};
        }
      }
      if (labels.size() == i) return {};
    }
    return labels;
  }

  void TakeNumbers(const std::vector<double>& numbers) {
    constexpr double kMaxLabel = kMostLabels - 1;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const double label = numbers[i];
      if (!(label >= 0 && label <= kMaxLabel && label == std::floor(label)))
        throw DataError(path_,
                        "the label of sample {} (counted from 0) is {}; labels "
                        "are whole numbers from 0 to {}, words or one-hot rows",
                        i, label, kMaxLabel);
      data_->labels.push_back(static_cast<int32_t>(label));
    }
  }

  // Gives each word the index it has when all are sorted by their bytes.
  void NumberWords(std::span<const std::string> fields, size_t line,
                   std::vector<double>* numbers) {
    std::map<std::string, double> number_of;
    for (size_t i = 0; i < fields.size(); ++i) {
      double number = 0;
      const bool mixed = ReadCsvNumber(fields[i], &number);
      const bool missing = IsMissingCsvField(fields[i]);
      if (mixed || missing) {
        throw DataError(fmt::format("{}:{}", path_, line + i),
                        "the label '{}' {}; labels are all numbers or all "
                        "words",
                        Quoted(fields[i]),
                        missing ? "stands for what is missing"
                                : "is a number, and others are words");
      }
      number_of.emplace(fields[i], 0);
    }
    if (number_of.size() == 1 || number_of.size() > kMostLabels) {
      throw DataError(fmt::format("{}:{}", path_, line),
                      "column {} (counted from 0): '{}' is not a number, and "
                      "labels that are words need 2 classes to {}, but there "
                      "are {}",
                      table_.labels_column, Quoted(fields[0]), kMostLabels,
                      number_of.size());
    }
    for (auto& [word, number] : number_of) {
      number = static_cast<double>(data_->class_names.size());
      data_->class_names.push_back(word);
    }
    for (size_t i = 0; i < fields.size(); ++i)
      (*numbers)[i] = number_of[fields[i]];
  }

  const CsvTable& table_;
  const std::string& path_;
  InputData* data_;
};

}  // namespace

void SetLabels(const CsvTable& table, bool whole_file, const std::string& path,
               InputData* data) {
  LabelDecoder decoder(table, path, data);
  if (table.labels.empty()) {
    decoder.DecodeArray();
  } else {
    decoder.DecodeFields(whole_file);
  }
}

}  // namespace initscope
