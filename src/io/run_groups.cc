#include "io/run_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "io/run_readings.h"
#include "stats/median.h"

namespace initscope {
namespace {

// Splits the groups by a key; whether that makes more of them.
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

// The groups with keys and runs alone, and the group of each run.
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

// Rows begin … end − 1 of /layers: layers 0 … L of one run at one step.
struct Block {
  size_t run, begin, end;
  uint64_t step;
};

std::vector<Block> ReadBlocks(const ResultsReader& file, size_t runs) {
  const auto run_index = file.Wholes("/layers/run_index");
  const auto layer = file.Wholes("/layers/layer");
  const auto step = file.Has("/layers/step")
                        ? file.Wholes("/layers/step")
                        : std::vector<uint64_t>(layer.size(), 0);
  const auto depth = file.Wholes("/runs/depth");
  std::vector<Block> blocks;
  for (size_t begin = 0; begin < layer.size();) {
    size_t end = begin;
    while (end < layer.size() && layer[end] == end - begin &&
           run_index[end] == run_index[begin] && step[end] == step[begin]) {
      ++end;
    }
    if (end == begin || run_index[begin] >= runs ||
        end - begin - 1 != depth[run_index[begin]]) {
      file.Fail(fmt::format("row {} of /layers does not match /runs", begin));
    }
    blocks.push_back({run_index[begin], begin, end, step[begin]});
    begin = end;
  }
  return blocks;
}

void ReadLayers(const ResultsReader& file, const std::vector<KeyColumn>& keys,
                const std::vector<size_t>& group_of,
                std::vector<RunGroup>* groups) {
  const std::vector<Block> blocks = ReadBlocks(file, group_of.size());
  // Where training ended before it recorded anything there are no statistics.
  if (blocks.empty()) return;
  const RunReadingsColumns readings(file, keys);
  const auto variance = file.Numbers("/layers/log10_activation_variance");
  const auto delta = file.Numbers("/layers/log10_delta_second_moment");
  std::vector<std::map<uint64_t, std::vector<const Block*>>> by_step(
      groups->size());
  for (const Block& block : blocks) {
    const size_t group = group_of[block.run];
    by_step[group][block.step].push_back(&block);
    if (block.step == 0) {
      (*groups)[group].readings.push_back(
          readings.Of(block.begin, block.end, block.run));
    }
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
  const auto run_index = file.Wholes("/steps/run_index");
  const auto step = file.Wholes("/steps/step");
  const auto loss = file.Numbers("/steps/loss_value");
  const auto accuracy = file.Numbers("/steps/accuracy");
  const auto status = file.Names("/runs/status");
  struct Ends {
    std::vector<double> first_loss, last_loss, first_accuracy, last_accuracy;
  };
  std::vector<Ends> ends(groups->size());
  for (size_t begin = 0, end = 0; begin < step.size(); begin = end) {
    const uint64_t run = run_index[begin];
    while (end < step.size() && run_index[end] == run &&
           step[end] == end - begin) {
      ++end;
    }
    if (run >= group_of.size() || end == begin) {
      file.Fail(fmt::format("row {} of /steps does not match /runs", begin));
    }
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
  }
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
  ReadLayers(file, keys, group_of, &groups);
  if (file.Has("/steps")) ReadTraining(file, group_of, &groups);
  return groups;
}

}  // namespace initscope
