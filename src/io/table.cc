#include "io/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <variant>

namespace initscope {

bool IsSwept(const ColumnValues& values) {
  return std::visit(
      [](const auto& column) {
        return std::ranges::any_of(
            column, [&](const auto& value) { return value != column.front(); });
      },
      values);
}

size_t Table::rows() const {
  return std::visit([](const auto& values) { return values.size(); },
                    columns[0].values);
}

void BeginTable(const Table& table, size_t rows, Hdf5Writer* writer) {
  writer->CreateGroup(table.group);
  writer->WriteScale(table.group + "/" + table.index, rows, table.counted);
}

void WriteTableColumn(const Table& table, const Column& column,
                      Hdf5Writer* writer) {
  const std::string path = table.group + "/" + column.name;
  writer->WriteColumn(path, column.values);
  writer->AttachScale();
  writer->SetText(path, "long_name", column.long_name);
  if (!column.formula.empty()) writer->SetText(path, "formula", column.formula);
  if (column.is_key) {
    writer->SetText(path, "role", "key");
    writer->SetNumber(path, "swept", int64_t{IsSwept(column.values)});
  }
  if (column.categories.empty()) return;
  std::vector<uint8_t> codes(column.categories.size());
  std::iota(codes.begin(), codes.end(), uint8_t{0});
  writer->SetCodes(path, "flag_values", codes);
  writer->SetText(path, "flag_meanings",
                  fmt::format("{}", fmt::join(column.categories, " ")));
}

void WriteTable(const Table& table, Hdf5Writer* writer) {
  BeginTable(table, table.rows(), writer);
  for (const Column& column : table.columns) {
    WriteTableColumn(table, column, writer);
  }
}

void WriteCategories(const Table& table, Hdf5Writer* writer) {
  writer->CreateGroup("/categories");
  for (const Column& column : table.columns) {
    if (column.categories.empty()) continue;
    const std::string path = "/categories/" + column.name;
    writer->WriteColumn(path, column.categories);
    writer->SetText(path, "long_name",
                    "names behind the codes of " + column.name);
  }
}

}  // namespace initscope
