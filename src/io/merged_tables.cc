#include "io/merged_tables.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "io/table.h"

namespace initscope {
namespace {

// Rows begin … begin + count − 1 of a source's table, and where they go.
struct RowBlock {
  size_t source, begin, count, out;
};

// The rows of a joined table, in their order.
struct Rows {
  void Add(size_t source, size_t begin, size_t rows) {
    if (of_source.size() <= source) of_source.resize(source + 1);
    of_source[source].push_back(blocks.size());
    blocks.push_back({source, begin, rows, count});
    count += rows;
  }

  std::vector<RowBlock> blocks;
  std::vector<std::vector<size_t>> of_source;  // indices into `blocks`
  size_t count = 0;
};

// What fills the place of a column that a source lacks.
template <typename Value>
Value Missing() {
  if constexpr (std::is_same_v<Value, double>) {
    return std::numeric_limits<double>::quiet_NaN();
  } else {
    return Value();
  }
}

class Merger {
 public:
  Merger(const ResultsReaders& sources, const std::vector<SourceRun>& runs,
         Joined joined, Hdf5Writer* writer)
      : sources_(sources), runs_(runs), joined_(joined), writer_(writer) {
    for (const auto& source : sources_) {
      if (source->IsAttention() != sources_[0]->IsAttention()) {
        source->Fail("is of another command than the files it is joined with");
      }
    }
  }

  void Merge() {
    MapInputs();
    for (const auto [source, run] : runs_) rows_of_runs_.Add(source, run, 1);
    Table runs = {sources_[0]->RunsGroup(), "run", "run, from 0", {}};
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
  bool Has(const std::string& path) const {
    return std::ranges::any_of(
        sources_, [&](const auto& source) { return source->Has(path); });
  }

  const ResultsReader& FirstWith(const std::string& path) const {
    return **std::ranges::find_if(
        sources_, [&](const auto& source) { return source->Has(path); });
  }

  // Joins the sources' data sets: those of one content and name are one.
  void MapInputs() {
    std::map<std::pair<std::string, std::string>, size_t> known;
    input_of_.resize(sources_.size());
    for (size_t s = 0; s < sources_.size(); ++s) {
      if (!sources_[s]->Has("/inputs")) continue;
      const auto paths = sources_[s]->Names("/inputs/path");
      const auto digests = sources_[s]->Names("/inputs/sha256");
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
    for (const auto& source : sources_) {
      auto& of_run =
          places.emplace_back(source->Length(source->RunsGroup() + "/run"));
      if (!source->Has(table)) continue;
      const auto run_index = source->Wholes(table + "/run_index");
      for (size_t begin = 0, end = 0; begin < run_index.size(); begin = end) {
        while (end < run_index.size() && run_index[end] == run_index[begin]) {
          ++end;
        }
        const size_t run = run_index[begin];
        if (run >= of_run.size() || of_run[run].count > 0) {
          source->Fail("the rows of run {} in {} are not together", run, table);
        }
        of_run[run] = {begin, end - begin};
      }
    }
    Rows rows;
    for (const auto [source, run] : runs_) {
      rows.Add(source, places[source][run].begin, places[source][run].count);
    }
    return rows;
  }

  // The columns of `table` in all sources; one that the first source lacks
  // stands behind the one that it follows in its own.
  std::vector<std::string> ColumnsOf(const Table& table) const {
    std::vector<std::string> names;
    for (const auto& source : sources_) {
      if (!source->Has(table.group)) continue;
      size_t at = 0;
      for (const std::string& name : source->Members(table.group)) {
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

  // Writes the table, and leaves its columns in it, but not their values.
  void MergeTable(Table* table, const Rows& rows) {
    BeginTable(*table, rows.count, writer_);
    for (const std::string& name : ColumnsOf(*table)) {
      const std::string path = table->group + "/" + name;
      Column column = Gather(path, name, rows);
      WriteTableColumn(*table, column, writer_);
      if (joined_ == Joined::kSweeps && column.is_key &&
          IsSwept(column.values) && !IsSweptIn(path)) {
        newly_swept_.insert(name);
      }
      column.values = {};
      table->columns.push_back(std::move(column));
    }
  }

  // Whether a source has several values of a key.
  bool IsSweptIn(const std::string& path) const {
    return std::ranges::any_of(sources_, [&](const auto& source) {
      return source->Has(path) && source->Number(path, "swept") != 0;
    });
  }

  // Writes a table of rows of runs. Keys are those of the runs, again: the ones
  // that some source repeats, and the ones in which the sources differ.
  void MergeRows(const std::string& group, const Table& runs) const {
    const Table table = {
        group, "row", FirstWith(group).Text(group + "/row", "long_name"), {}};
    const Rows rows = RowsOf(group);
    BeginTable(table, rows.count, writer_);
    for (const std::string& name : ColumnsOf(table)) {
      const std::string path = group + "/" + name;
      if (FirstWith(path).Text(path, "role") == "key") continue;
      WriteTableColumn(table, Gather(path, name, rows), writer_);
    }
    for (const Column& key : runs.columns) {
      if (!key.is_key ||
          (!Has(group + "/" + key.name) && !newly_swept_.contains(key.name))) {
        continue;
      }
      Column column =
          Gather(runs.group + "/" + key.name, key.name, rows_of_runs_);
      std::visit(
          [&](auto& values) {
            std::decay_t<decltype(values)> repeated;
            repeated.reserve(rows.count);
            for (size_t run = 0; run < values.size(); ++run) {
              repeated.insert(repeated.end(), rows.blocks[run].count,
                              values[run]);
            }
            values = std::move(repeated);
          },
          column.values);
      WriteTableColumn(table, column, writer_);
    }
  }

  Column Gather(const std::string& path, const std::string& name,
                const Rows& rows) const {
    const ResultsReader& first = FirstWith(path);
    Column column{
        name, first.Text(path, "long_name"), {}, first.Text(path, "formula")};
    column.is_key = first.Text(path, "role") == "key";
    column.values = std::visit(
        [](const auto& values) -> ColumnValues {
          return std::decay_t<decltype(values)>();
        },
        first.Column(path));
    std::visit(
        [&](auto& out) {
          using Value = typename std::decay_t<decltype(out)>::value_type;
          out.assign(rows.count, Missing<Value>());
          for (size_t s = 0; s < sources_.size(); ++s) {
            if (!sources_[s]->Has(path)) continue;
            ColumnValues values = sources_[s]->Column(path);
            auto* const held =
                std::get_if<std::decay_t<decltype(out)>>(&values);
            if (held == nullptr) {
              sources_[s]->Fail(
                  "the column {} is of another type than in the "
                  "files it is joined with",
                  path);
            }
            if constexpr (std::is_same_v<Value, uint8_t>) {
              Recode(sources_[s]->Categories(path), &column.categories, held);
            }
            Copy(s, rows, *held, &out);
          }
          if constexpr (std::is_same_v<Value, int64_t>) {
            Renumber(name, rows, &out);
          }
        },
        column.values);
    return column;
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

  template <typename Value>
  void Copy(size_t source, const Rows& rows, const std::vector<Value>& from,
            std::vector<Value>* out) const {
    if (source >= rows.of_source.size()) return;
    for (const size_t b : rows.of_source[source]) {
      const RowBlock& block = rows.blocks[b];
      if (block.begin + block.count > from.size()) {
        sources_[source]->Fail("is damaged: its tables do not go together");
      }
      std::copy_n(from.begin() + static_cast<ptrdiff_t>(block.begin),
                  block.count,
                  out->begin() + static_cast<ptrdiff_t>(block.out));
    }
  }

  // Gives the numbers of runs and data sets their values in the joined tables.
  void Renumber(const std::string& name, const Rows& rows,
                std::vector<int64_t>* values) const {
    for (size_t i = 0; i < rows.blocks.size(); ++i) {
      const RowBlock& block = rows.blocks[i];
      const std::vector<int64_t>& inputs = input_of_[block.source];
      for (size_t k = 0; k < block.count; ++k) {
        int64_t& value = (*values)[block.out + k];
        if (name == "run_index") {
          value = static_cast<int64_t>(i);
        } else if (name == "input_index" && value >= 0 &&
                   value < static_cast<int64_t>(inputs.size())) {
          value = inputs[static_cast<size_t>(value)];
        }
      }
    }
  }

  const ResultsReaders& sources_;
  const std::vector<SourceRun>& runs_;
  const Joined joined_;
  Hdf5Writer* writer_;
  Rows rows_of_runs_, inputs_;
  std::set<std::string> newly_swept_;  // keys in which only the sources differ
  std::vector<std::vector<int64_t>> input_of_;  // by source and its input
};

}  // namespace

void MergeTables(const ResultsReaders& sources,
                 const std::vector<SourceRun>& runs, Joined joined,
                 Hdf5Writer* writer) {
  Merger(sources, runs, joined, writer).Merge();
}

}  // namespace initscope
