#include "io/run_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>

#include "stats/median.h"

namespace initscope {
namespace {

// Splits the groups by a key. Returns whether that makes more of them.
bool Split(const std::vector<size_t>& codes, std::vector<size_t>* group_of,
           size_t* groups) {
  std::map<std::pair<size_t, size_t>, size_t> known;
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

// The groups, so far only with keys and runs, and the group of each run.
std::vector<RunGroup> SplitRuns(size_t runs, const std::vector<KeyColumn>& keys,
                                std::vector<size_t>* group_of) {
  group_of->assign(runs, 0);
  size_t groups = runs > 0 ? 1 : 0;
  std::vector<const KeyColumn*> telling;
  for (const KeyColumn& key : keys) {
    if (key.name == "seed" || key.name == "data_seed") continue;
    const bool splits =
        key.texts.size() > 1 && Split(key.codes, group_of, &groups);
    if (splits || key.name == "activation" || key.name == "init") {
      telling.push_back(&key);
    }
  }
  std::vector<RunGroup> found(groups);
  for (size_t run = 0; run < runs; ++run) {
    RunGroup& group = found[(*group_of)[run]];
    group.run_indices.push_back(run);
    if (group.runs++ > 0) continue;
    for (const KeyColumn* key : telling) {
      group.keys.emplace_back(key->name, key->texts[key->codes[run]]);
    }
  }
  return found;
}

// Rows begin … end − 1 of a table, which belong to one run.
struct Block {
  size_t run, begin, end;
};

// Cuts `table` into blocks whose column `counter` counts from 0. `matches` says
// whether a block, which it may use, is as /runs has it.
void VisitBlocks(const ResultsReader& file, const std::string& table,
                 const std::string& counter, size_t runs,
                 const std::function<bool(const Block&)>& matches) {
  const auto run_index = file.Wholes(table + "/run_index");
  const auto count = file.Wholes(table + "/" + counter);
  for (size_t begin = 0, end = 0; begin < count.size(); begin = end) {
    while (end < count.size() && count[end] == end - begin &&
           run_index[end] == run_index[begin]) {
      ++end;
    }
    if (end == begin || run_index[begin] >= runs ||
        !matches({run_index[begin], begin, end})) {
      file.Fail("row {} of {} does not match /runs", begin, table);
    }
  }
}

// A block of layers 0 … L, and its training step.
struct LayerBlock : Block {
  uint64_t step;
};

std::vector<LayerBlock> ReadLayerBlocks(const ResultsReader& file,
                                        size_t runs) {
  std::vector<LayerBlock> blocks;
  const auto depth = file.Wholes("/runs/depth");
  const auto step = file.Has("/layers/step")
                        ? file.Wholes("/layers/step")
                        : std::vector<uint64_t>(file.Length("/layers/row"), 0);
  VisitBlocks(file, "/layers", "layer", runs, [&](const Block& block) {
    const auto [run, begin, end] = block;
    const uint64_t* const steps = step.data();
    blocks.push_back({block, steps[begin]});
    return end - begin - 1 == depth[run] &&
           std::count(steps + begin, steps + end, steps[begin]) ==
               static_cast<ptrdiff_t>(end - begin);
  });
  return blocks;
}

struct ReadingColumn {
  std::vector<double> RunReadings::*readings;
  const char* name;  // in /layers
};
constexpr ReadingColumn kReadingColumns[] = {
    {&RunReadings::width, "fan_out"},
    {&RunReadings::saturated, "saturated_fraction"},
    {&RunReadings::dead, "dead_unit_fraction"},
    {&RunReadings::log10_weight, "log10_weight_second_moment"},
    {&RunReadings::log10_unit_variance, "log10_pre_activation_unit_variance"},
    {&RunReadings::log10_one_minus_cosine, "log10_one_minus_cosine"},
    {&RunReadings::delta_abs_mean, "delta_abs_mean"},
};

// The columns that a verdict reads. Those that the file lacks are NaN: older
// files lack some statistics, and theory is there only if it was asked for.
class Readings {
 public:
  Readings(const ResultsReader& file, const std::vector<KeyColumn>& keys)
      : seed_(file.Wholes("/runs/seed")),
        unit_roundoff_(seed_.size(), Roundoff<float>()) {
    const size_t rows = file.Wholes("/layers/layer").size();
    const auto read = [&](const std::string& name) {
      const std::string path = "/layers/" + name;
      constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
      return file.Has(path) ? file.Numbers(path)
                            : std::vector<double>(rows, kNone);
    };
    for (size_t q = 0; q < kComparedCount; ++q) {
      const std::string name(kComparedQuantities[q].column);
      all_.curves[q] = {read(name), read("theory_" + name),
                        read("theory_" + name + "_std")};
    }
    for (const auto& [readings, name] : kReadingColumns) {
      all_.*readings = read(name);
    }
    for (const KeyColumn& key : keys) {
      if (key.name != "precision") continue;
      for (size_t run = 0; run < seed_.size(); ++run) {
        if (key.texts[key.codes[run]] == "float64") {
          unit_roundoff_[run] = Roundoff<double>();
        }
      }
    }
    fan_in_ = read("fan_in");
    bad_forward_ = read("pre_activation_non_finite");
    bad_backward_ = read("delta_non_finite");
  }

  RunReadings Of(const Block& block) const {
    const auto [run, begin, end] = block;
    const auto part = [begin = begin, end = end](const auto& column) {
      return std::vector<double>(column.data() + begin, column.data() + end);
    };
    RunReadings found;
    found.seed = seed_[run];
    found.unit_roundoff = unit_roundoff_[run];
    for (size_t q = 0; q < kComparedCount; ++q) {
      const RunCurve& all = all_.curves[q];
      found.curves[q] = {part(all.measured), part(all.theory),
                         part(all.theory_std)};
    }
    for (const ReadingColumn& column : kReadingColumns) {
      found.*column.readings = part(all_.*column.readings);
    }
    if (end > begin + 1) found.width[0] = fan_in_[begin + 1];
    for (size_t row = begin; row < end; ++row) {
      found.non_finite |= bad_forward_[row] > 0 || bad_backward_[row] > 0;
    }
    return found;
  }

 private:
  template <typename T>
  static constexpr double Roundoff() {
    return std::numeric_limits<T>::epsilon() / 2;
  }

  RunReadings all_;                    // of all rows of /layers
  std::vector<uint64_t> seed_;         // by run
  std::vector<double> unit_roundoff_;  // by run
  std::vector<double> fan_in_, bad_forward_, bad_backward_;  // by row
};

void ReadLayers(const ResultsReader& file, const std::vector<KeyColumn>& keys,
                const std::vector<size_t>& group_of,
                std::vector<RunGroup>* groups) {
  const std::vector<LayerBlock> blocks = ReadLayerBlocks(file, group_of.size());
  // If training ended before it recorded anything, there are no statistics.
  if (blocks.empty()) return;
  const Readings readings(file, keys);
  const auto variance = file.Numbers("/layers/log10_activation_variance");
  const auto delta = file.Numbers("/layers/log10_delta_second_moment");
  std::vector<std::map<uint64_t, std::vector<const Block*>>> by_step(
      groups->size());
  for (const LayerBlock& block : blocks) {
    const size_t group = group_of[block.run];
    by_step[group][block.step].push_back(&block);
    if (block.step == 0)
      (*groups)[group].readings.push_back(readings.Of(block));
  }
  const auto medians = [&](uint64_t step, const std::vector<const Block*>& at) {
    std::vector<double> first, last, ratio;
    for (const Block* block : at) {
      const size_t output = block->end - 1;
      if (output < block->begin + 2) continue;  // no hidden layer
      first.push_back(variance[block->begin + 1]);
      last.push_back(variance[output - 1]);
      ratio.push_back(delta[block->begin + 1] - delta[output]);
    }
    return LayerMedians{step, at.size(), Median(first), Median(last),
                        Median(ratio)};
  };
  for (size_t i = 0; i < groups->size(); ++i) {
    const auto& steps = by_step[i];
    if (steps.empty()) continue;
    std::vector<LayerMedians>& found = (*groups)[i].medians;
    found.push_back(medians(steps.begin()->first, steps.begin()->second));
    if (steps.size() == 1) continue;
    found.push_back(medians(steps.rbegin()->first, steps.rbegin()->second));
  }
}

void ReadTraining(const ResultsReader& file,
                  const std::vector<size_t>& group_of,
                  std::vector<RunGroup>* groups) {
  const auto step = file.Wholes("/steps/step");
  const auto loss = file.Numbers("/steps/loss_value");
  const auto accuracy = file.Numbers("/steps/accuracy");
  const auto status = file.Names("/runs/status");
  struct Ends {
    std::vector<double> first_loss, last_loss, first_accuracy, last_accuracy;
  };
  std::vector<Ends> ends(groups->size());
  VisitBlocks(file, "/steps", "step", group_of.size(), [&](const Block& block) {
    const auto [run, begin, end] = block;
    const size_t last = end - 1;
    std::optional<GroupTraining>& training = (*groups)[group_of[run]].training;
    if (!training) training.emplace();
    training->steps = std::max(training->steps, step[last]);
    Ends& values = ends[group_of[run]];
    values.first_loss.push_back(loss[begin]);
    values.first_accuracy.push_back(accuracy[begin]);
    if (status[run] == "diverged") {
      const bool is_first = training->diverged++ == 0;
      training->first_diverged =
          is_first ? step[last]
                   : std::min(training->first_diverged, step[last]);
      training->last_diverged = std::max(training->last_diverged, step[last]);
    } else {
      values.last_loss.push_back(loss[last]);
      values.last_accuracy.push_back(accuracy[last]);
    }
    return true;
  });
  for (size_t i = 0; i < groups->size(); ++i) {
    std::optional<GroupTraining>& training = (*groups)[i].training;
    if (!training) continue;
    training->first_loss = Median(ends[i].first_loss);
    training->last_loss = Median(ends[i].last_loss);
    training->first_accuracy = Median(ends[i].first_accuracy);
    training->last_accuracy = Median(ends[i].last_accuracy);
  }
}

}  // namespace

std::vector<RunGroup> ReadRunGroups(const ResultsReader& file,
                                    const std::vector<KeyColumn>& keys) {
  std::vector<size_t> group_of;
  std::vector<RunGroup> groups =
      SplitRuns(file.Length("/runs/run"), keys, &group_of);
  const auto status = file.Names("/runs/status");
  for (size_t run = 0; run < status.size(); ++run) {
    groups[group_of[run]].failed += status[run] == "failed";
  }
  ReadLayers(file, keys, group_of, &groups);
  if (file.Has("/steps")) ReadTraining(file, group_of, &groups);
  return groups;
}

}  // namespace initscope
