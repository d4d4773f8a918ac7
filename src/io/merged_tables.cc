#include "io/merged_tables.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "io/table.h"

namespace initscope {
namespace {

// Rows begin … begin + count − 1 of a source's table, and where they go.
struct RowBlock {
  size_t begin, count, out;
};

// The rows of a joined table, in their order: one group of them after another,
// each of which is together in one source.
struct Rows {
  explicit Rows(size_t sources) : of_source(sources) {}

  void Add(size_t source, size_t begin, size_t rows) {
    std::vector<RowBlock>& blocks = of_source[source];
    if (!blocks.empty() && blocks.back().begin + blocks.back().count == begin &&
        blocks.back().out + blocks.back().count == count) {
      blocks.back().count += rows;
    } else {
      blocks.push_back({begin, rows, count});
    }
    groups.push_back(static_cast<uint32_t>(rows));
    count += rows;
  }

  std::vector<std::vector<RowBlock>> of_source;
  std::vector<uint32_t> groups;  // the numbers of rows
  size_t count = 0;
};

// `value`(group) for every row.
template <typename Value, typename ValueOf>
std::vector<Value> Repeated(const Rows& rows, const ValueOf& value) {
  std::vector<Value> values;
  values.reserve(rows.count);
  for (size_t group = 0; group < rows.groups.size(); ++group) {
    values.insert(values.end(), rows.groups[group], value(group));
  }
  return values;
}

// What fills the place of a column that a source lacks.
template <typename Value>
Value Missing() {
  if constexpr (std::is_same_v<Value, double>) {
    return std::numeric_limits<double>::quiet_NaN();
  } else {
    return Value();
  }
}

// What a text takes in memory, its characters outside.
constexpr size_t kTextBytes = 2 * sizeof(std::string);

class Merger {
 public:
  Merger(const ResultsFiles& sources, const std::vector<SourceRun>& runs,
         Joined joined, Hdf5Writer* writer)
      : sources_(sources),
        runs_(runs),
        joined_(joined),
        writer_(writer),
        rows_of_runs_(sources.size()),
        inputs_(sources.size()) {
    for (size_t s = 0; s < sources_.size(); ++s) {
      if (sources_[s].IsAttention() == sources_[0].IsAttention()) continue;
      sources_[s].Fail(
          "is of another command than the files it is joined with");
    }
  }

  void Merge() {
    MapInputs();
    for (const auto [source, run] : runs_) rows_of_runs_.Add(source, run, 1);
    Table runs = {sources_[0].RunsGroup(), "run", "run, from 0", {}};
    MergeTable(&runs, rows_of_runs_);
    WriteCategories(runs, writer_);
    for (const char* const rows : {"/layers", "/steps", "/jacobian"}) {
      if (Has(rows)) MergeRows(rows, runs);
    }
    if (Has("/inputs")) {
      Table inputs = {"/inputs", "input", "data set, from 0", {}};
      MergeTable(&inputs, inputs_);
    }
  }

 private:
  // The first source with something at `path`, or their number.
  size_t FirstWith(const std::string& path) const {
    size_t s = 0;
    while (s < sources_.size() && !sources_[s].Has(path)) ++s;
    return s;
  }

  bool Has(const std::string& path) const {
    return FirstWith(path) < sources_.size();
  }

  // Joins the sources' data sets: those of one content and name are one.
  void MapInputs() {
    std::map<std::pair<std::string, std::string>, size_t> known;
    input_of_.resize(sources_.size());
    for (size_t s = 0; s < sources_.size(); ++s) {
      if (!sources_[s].Has("/inputs")) continue;
      const auto paths = sources_[s].Names("/inputs/path");
      const auto digests = sources_[s].Names("/inputs/sha256");
      for (size_t i = 0; i < paths.size(); ++i) {
        const auto [it, fresh] =
            known.try_emplace({paths[i], digests[i]}, known.size());
        if (fresh) inputs_.Add(s, i, 1);
        input_of_[s].push_back(static_cast<int64_t>(it->second));
      }
    }
  }

  // The rows of each run, in the order of the runs.
  Rows RowsOf(const std::string& table) const {
    struct Place {
      size_t begin = 0, count = 0;
    };
    std::vector<std::vector<Place>> places;
    for (size_t s = 0; s < sources_.size(); ++s) {
      const ResultsReader& source = sources_[s];
      auto& of_run =
          places.emplace_back(source.Length(source.RunsGroup() + "/run"));
      if (!source.Has(table)) continue;
      const auto run_index = source.Wholes(table + "/run_index");
      for (size_t begin = 0, end = 0; begin < run_index.size(); begin = end) {
        while (end < run_index.size() && run_index[end] == run_index[begin]) {
          ++end;
        }
        const size_t run = run_index[begin];
        if (run >= of_run.size() || of_run[run].count > 0) {
          source.Fail("the rows of run {} in {} are not together", run, table);
        }
        of_run[run] = {begin, end - begin};
      }
    }
    Rows rows(sources_.size());
    for (const auto [source, run] : runs_) {
      rows.Add(source, places[source][run].begin, places[source][run].count);
    }
    return rows;
  }

  // The columns of `table` in all sources; one that the first source lacks
  // stands behind the one that it follows in its own.
  std::vector<std::string> ColumnsOf(const Table& table) const {
    std::vector<std::string> names;
    for (size_t s = 0; s < sources_.size(); ++s) {
      if (!sources_[s].Has(table.group)) continue;
      size_t at = 0;
      for (const std::string& name : sources_[s].Members(table.group)) {
        if (name == table.index) continue;
        const auto known = std::ranges::find(names, name);
        if (known == names.end()) {
          names.insert(names.begin() + static_cast<ptrdiff_t>(at), name);
        } else {
          at = static_cast<size_t>(known - names.begin());
        }
        ++at;
      }
    }
    return names;
  }

  // Calls `use` with each of these columns of a table, in their order.
  template <typename Use>
  void ForEachColumn(const std::string& group,
                     const std::vector<std::string>& names, const Rows& rows,
                     const Use& use) const {
    // Those whose values are in memory together.
    constexpr size_t kMostBytes = size_t{64} << 20;
    for (size_t begin = 0, end = 0; begin < names.size(); begin = end) {
      size_t bytes = 0;
      while (end < names.size() && (end == begin || bytes < kMostBytes)) {
        const std::string path = group + "/" + names[end++];
        const bool is_text = sources_[FirstWith(path)].IsText(path);
        bytes += rows.count * (is_text ? kTextBytes : sizeof(double));
      }
      for (Column& column :
           Gather(group, std::span(names).subspan(begin, end - begin), rows)) {
        use(&column);
        column.values = {};
      }
    }
  }

  // Writes the table, and leaves its columns in it, but not their values.
  void MergeTable(Table* table, const Rows& rows) {
    BeginTable(*table, rows.count, writer_);
    ForEachColumn(table->group, ColumnsOf(*table), rows, [&](Column* column) {
      WriteTableColumn(*table, *column, writer_);
      if (joined_ == Joined::kSweeps && column->is_key &&
          IsSwept(column->values) &&
          !IsSweptIn(table->group + "/" + column->name)) {
        newly_swept_.insert(column->name);
      }
      column->values = {};
      table->columns.push_back(std::move(*column));
    });
  }

  // Whether a source has several values of a key.
  bool IsSweptIn(const std::string& path) const {
    for (size_t s = 0; s < sources_.size(); ++s) {
      if (sources_[s].Has(path) && sources_[s].Number(path, "swept") != 0) {
        return true;
      }
    }
    return false;
  }

  // Writes a table of rows of runs. Keys are those of the runs, again: the ones
  // that some source repeats, and the ones in which the sources differ.
  void MergeRows(const std::string& group, const Table& runs) const {
    const Table table = {
        group,
        "row",
        sources_[FirstWith(group)].Text(group + "/row", "long_name"),
        {}};
    const Rows rows = RowsOf(group);
    BeginTable(table, rows.count, writer_);
    std::vector<std::string> names = ColumnsOf(table), keys;
    for (const Column& key : runs.columns) {
      const auto repeated = std::ranges::find(names, key.name);
      const bool is_repeated = key.is_key && repeated != names.end();
      if (is_repeated) names.erase(repeated);
      if (is_repeated || newly_swept_.contains(key.name)) {
        keys.push_back(key.name);
      }
    }
    ForEachColumn(group, names, rows, [&](const Column* column) {
      WriteTableColumn(table, *column, writer_);
    });
    ForEachColumn(runs.group, keys, rows_of_runs_, [&](Column* column) {
      std::visit(
          [&](auto& values) {
            using Value = typename std::decay_t<decltype(values)>::value_type;
            values = Repeated<Value>(
                rows, [&](size_t run) -> const Value& { return values[run]; });
          },
          column->values);
      WriteTableColumn(table, *column, writer_);
    });
  }

  // These columns of a table, from all sources.
  std::vector<Column> Gather(const std::string& group,
                             std::span<const std::string> names,
                             const Rows& rows) const {
    std::vector<Column> columns(names.size());
    std::vector<bool> is_begun(names.size());
    for (size_t s = 0; s < sources_.size(); ++s) {
      const ResultsReader& source = sources_[s];
      for (size_t i = 0; i < names.size(); ++i) {
        const std::string path = group + "/" + names[i];
        if (!source.Has(path)) continue;
        if (!is_begun[i]) {
          columns[i] = {names[i],
                        source.Text(path, "long_name"),
                        {},
                        source.Text(path, "formula")};
          columns[i].is_key = source.Text(path, "role") == "key";
        }
        AddValues(s, path, rows, !is_begun[i], &columns[i]);
        is_begun[i] = true;
      }
    }
    for (Column& column : columns) {
      if (column.name == "run_index") {
        column.values = Repeated<int64_t>(rows, Whole);
      }
    }
    return columns;
  }

  // Puts the values of a source into their places in `column`.
  void AddValues(size_t s, const std::string& path, const Rows& rows,
                 bool is_first, Column* column) const {
    const ResultsReader& source = sources_[s];
    ColumnValues values = source.Column(path);
    std::visit(
        [&](auto& of_source) {
          using Values = std::decay_t<decltype(of_source)>;
          using Value = typename Values::value_type;
          if (is_first) column->values = Values(rows.count, Missing<Value>());
          auto* const out = std::get_if<Values>(&column->values);
          if (out == nullptr) {
            source.Fail(
                "the column {} is of another type than in the files it is "
                "joined with",
                path);
          }
          if constexpr (std::is_same_v<Value, uint8_t>) {
            Recode(source.Categories(path), &column->categories, &of_source);
          }
          if constexpr (std::is_same_v<Value, int64_t>) {
            if (column->name == "input_index") {
              Renumber(input_of_[s], &of_source);
            }
          }
          for (const RowBlock& block : rows.of_source[s]) {
            if (block.begin + block.count > of_source.size()) {
              source.Fail("is damaged: its tables do not go together");
            }
            std::copy_n(of_source.begin() + static_cast<ptrdiff_t>(block.begin),
                        block.count,
                        out->begin() + static_cast<ptrdiff_t>(block.out));
          }
        },
        values);
  }

  // Adds the names to `categories` and gives `codes` the numbers there.
  static void Recode(const std::vector<std::string>& names,
                     std::vector<std::string>* categories,
                     std::vector<uint8_t>* codes) {
    std::vector<uint8_t> new_code;
    for (const std::string& name : names) {
      const auto known = std::ranges::find(*categories, name);
      new_code.push_back(static_cast<uint8_t>(known - categories->begin()));
      if (known == categories->end()) categories->push_back(name);
    }
    for (uint8_t& code : *codes) {
      if (code < new_code.size()) code = new_code[code];
    }
  }

  // Gives a source's data sets the numbers that they have in the joined table.
  static void Renumber(const std::vector<int64_t>& inputs,
                       std::vector<int64_t>* values) {
    for (int64_t& value : *values) {
      if (value >= 0 && value < Whole(inputs.size())) {
        value = inputs[static_cast<size_t>(value)];
      }
    }
  }

  const ResultsFiles& sources_;
  const std::vector<SourceRun>& runs_;
  const Joined joined_;
  Hdf5Writer* writer_;
  Rows rows_of_runs_, inputs_;
  std::set<std::string> newly_swept_;  // keys in which only the sources differ
  std::vector<std::vector<int64_t>> input_of_;  // by source and its input
};

}  // namespace

void MergeTables(const ResultsFiles& sources,
                 const std::vector<SourceRun>& runs, Joined joined,
                 Hdf5Writer* writer) {
  Merger(sources, runs, joined, writer).Merge();
}

}  // namespace initscope
