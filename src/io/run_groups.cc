#include "io/run_groups.h"

#include <fmt/format.h>

#include <bit>
#include <limits>
#include <map>
#include <unordered_map>

#include "sim/keys.h"

namespace initscope {
namespace {

// A key's column: a code per run that is the same for the same value.
struct KeyColumn {
  KeyColumn(const ResultsReader& file, const Key& key,
            const std::string& path) {
    if (key.type == KeyType::kText ||
        !file.Text(path, "flag_meanings").empty()) {
      names = file.Names(path);
      std::unordered_map<std::string, uint64_t> known;
      for (const std::string& name : names) {
        codes.push_back(known.emplace(name, known.size()).first->second);
      }
    } else {
      numbers = file.Numbers(path);
      for (double number : numbers) {
        codes.push_back(std::bit_cast<uint64_t>(number));
      }
    }
  }

  std::string Text(size_t run) const {
    return names.empty() ? fmt::format("{:.6g}", numbers[run]) : names[run];
  }

  std::vector<std::string> names;
  std::vector<double> numbers;
  std::vector<uint64_t> codes;
};

// Splits the groups by a key; whether that makes more of them.
bool Split(const std::vector<uint64_t>& codes, std::vector<size_t>* group_of,
           size_t* groups) {
  std::map<std::pair<size_t, uint64_t>, size_t> known;
  std::vector<size_t> finer;
  for (size_t run = 0; run < codes.size(); ++run) {
    finer.push_back(
        known.emplace(std::pair((*group_of)[run], codes[run]), known.size())
            .first->second);
  }
  if (known.size() == *groups) return false;
  *groups = known.size();
  *group_of = std::move(finer);
  return true;
}

// The groups without their readings, and the group of each run.
std::vector<RunGroup> SplitRuns(const ResultsReader& file,
                                std::vector<size_t>* group_of) {
  const size_t runs = file.Length("/runs/run");
  group_of->assign(runs, 0);
  size_t groups = runs > 0 ? 1 : 0;
  std::vector<std::pair<std::string, KeyColumn>> columns;
  for (const Key& key : Keys()) {
    const std::string path = "/runs/" + std::string(key.name);
    if (key.name == "seed" || key.name == "data_seed" || !file.Has(path)) {
      continue;
    }
    KeyColumn column(file, key, path);
    const bool splits = Split(column.codes, group_of, &groups);
    if (splits || key.name == "activation" || key.name == "init") {
      columns.emplace_back(key.name, std::move(column));
    }
  }
  std::vector<RunGroup> found(groups);
  for (size_t run = 0; run < runs; ++run) {
    RunGroup& group = found[(*group_of)[run]];
    if (!group.keys.empty()) continue;
    for (const auto& [name, column] : columns) {
      group.keys.emplace_back(name, column.Text(run));
    }
  }
  return found;
}

// The columns of /layers that a verdict needs; a curve's theory is NaN where
// the file has none.
class Readings {
 public:
  explicit Readings(const ResultsReader& file)
      : forward_(Read(file, "pre_activation")),
        backward_(Read(file, "delta")),
        saturated_(file.Numbers("/layers/saturated_fraction")),
        dead_(file.Numbers("/layers/dead_unit_fraction")),
        bad_forward_(file.Numbers("/layers/pre_activation_non_finite")),
        bad_backward_(file.Numbers("/layers/delta_non_finite")) {}

  // Of rows begin … end − 1.
  RunReadings Of(size_t begin, size_t end, uint64_t seed) const {
    RunReadings run;
    run.seed = seed;
    for (size_t row = begin; row < end; ++row) {
      run.non_finite |= bad_forward_[row] > 0 || bad_backward_[row] > 0;
    }
    const auto part = [&](const std::vector<double>& column) {
      return std::vector<double>(column.begin() + begin, column.begin() + end);
    };
    const auto curve = [&](const RunCurve& all) {
      return RunCurve{part(all.measured), part(all.theory),
                      part(all.theory_std)};
    };
    run.forward = curve(forward_);
    run.backward = curve(backward_);
    run.saturated = part(saturated_);
    run.dead = part(dead_);
    return run;
  }

 private:
  static RunCurve Read(const ResultsReader& file, const char* tensor) {
    const std::string name = fmt::format("log10_{}_second_moment", tensor);
    RunCurve curve{file.Numbers("/layers/" + name), {}, {}};
    const auto theory = [&](const std::string& column) {
      const std::string path = "/layers/theory_" + column;
      return file.Has(path) ? file.Numbers(path)
                            : std::vector<double>(
                                  curve.measured.size(),
                                  std::numeric_limits<double>::quiet_NaN());
    };
    curve.theory = theory(name);
    curve.theory_std = theory(name + "_std");
    return curve;
  }

  RunCurve forward_, backward_;
  std::vector<double> saturated_, dead_, bad_forward_, bad_backward_;
};

}  // namespace

std::vector<RunGroup> ReadRunGroups(const ResultsReader& file) {
  std::vector<size_t> group_of;
  std::vector<RunGroup> groups = SplitRuns(file, &group_of);
  const Readings readings(file);
  const auto run_index = file.Wholes("/layers/run_index");
  const auto layer = file.Wholes("/layers/layer");
  const auto seed = file.Wholes("/runs/seed");
  const auto depth = file.Wholes("/runs/depth");
  const auto step = file.Has("/layers/step")
                        ? file.Wholes("/layers/step")
                        : std::vector<uint64_t>(layer.size(), 0);
  for (size_t begin = 0; begin < layer.size();) {
    size_t end = begin + 1;
    while (end < layer.size() && layer[end] != 0) ++end;
    const uint64_t run = run_index[begin];
    if (run >= depth.size() || end - begin != depth[run] + 1) {
      file.Fail(fmt::format("row {} of /layers does not match /runs", begin));
    }
    if (step[begin] == 0) {
      groups[group_of[run]].runs.push_back(readings.Of(begin, end, seed[run]));
    }
    begin = end;
  }
  return groups;
}

}  // namespace initscope
