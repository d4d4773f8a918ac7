// initscope status: how far a sweep is.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/sweep_runs.h"
#include "cli/units.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;
using FileTime = std::filesystem::file_time_type;

struct ShardStatus {
  Shard shard;
  std::string who;  // "" if no process is at work on it
  RunCounts runs;
};

// How fast the processes at work are, by what they have stored since they
// began; 0 if that is not known.
struct Rates {
  double runs = 0, cost = 0;  // per second
  double cost_left = 0;

  double SecondsLeft() const { return cost_left / cost; }
};

template <typename Spec>
Rates RatesOf(const SweepRuns<Spec>& sweep, const ResultsStore& store,
              const std::vector<ResultsStore::Holder>& holders) {
  const FileTime now = FileTime::clock::now();
  FileTime begin = now;
  for (const auto& holder : holders) {
    if (!holder.who.empty()) begin = std::min(begin, holder.since);
  }
  const double seconds = std::chrono::duration<double>(now - begin).count();
  Rates rates;
  if (seconds <= 0) return rates;
  std::vector<bool> is_new;
  for (const std::filesystem::path& file : store.files()) {
    std::error_code error;
    is_new.push_back(std::filesystem::last_write_time(file, error) >= begin);
  }
  for (size_t i = 0; i < sweep.run_ids.size(); ++i) {
    const StoredRun* const run = store.Find(sweep.run_ids[i]);
    if (run == nullptr) {
      rates.cost_left += sweep.cost(i);
    } else if (is_new[run->part]) {
      rates.runs += 1 / seconds;
      rates.cost += sweep.cost(i) / seconds;
    }
  }
  return rates;
}

// By shard, if the processes that have or had the store are shards of one
// number.
template <typename Spec>
std::vector<ShardStatus> ShardsOf(
    const SweepRuns<Spec>& sweep, const ResultsStore& store,
    const std::vector<ResultsStore::Holder>& holders) {
  const size_t count = holders.empty() ? 1 : holders.back().shard.count;
  if (count == 1) return {};
  std::vector<ShardStatus> shards;
  for (size_t i = 0; i < count; ++i) shards.push_back({{i, count}, "", {}});
  for (const auto& holder : holders) {
    if (holder.shard.count == count) {
      shards[holder.shard.index].who = holder.who;
    }
  }
  const std::vector<uint16_t> shard_of = ShardsOf(sweep, count);
  for (size_t i = 0; i < shard_of.size(); ++i) {
    shards[shard_of[i]].runs.Add(store.StatusOf(sweep.run_ids[i]));
  }
  return shards;
}

Json CountsJson(const RunCounts& counts) {
  Json json = {{"planned", counts.finished() + counts.missing}};
  for (size_t i = 0; i < counts.by_status.size(); ++i) {
    json[std::string(kRunStatusNames[i])] = counts.by_status[i];
  }
  json["missing"] = counts.missing;
  return json;
}

std::string CountsText(const RunCounts& counts) {
  std::string text =
      fmt::format("{} of {} runs are finished", counts.finished(),
                  counts.finished() + counts.missing);
  for (size_t i = 0; i < counts.by_status.size(); ++i) {
    if (counts.by_status[i] == 0) continue;
    text += fmt::format(", {} {}", counts.by_status[i], kRunStatusNames[i]);
  }
  return text + fmt::format("; {} are missing", counts.missing);
}

template <typename Spec>
void Print(const Options& options, const ResultsStore& store,
           const SweepRuns<Spec>& sweep) {
  const RunCounts counts = CountRuns(sweep.run_ids, store);
  const std::vector<ResultsStore::Holder> holders = store.Holders();
  const std::vector<ShardStatus> shards = ShardsOf(sweep, store, holders);
  const Rates rates = RatesOf(sweep, store, holders);
  if (options.json) {
    Json json = {{"output", store.output().string()}};
    json.update(CountsJson(counts));
    json["at_work"] = Json::array();
    for (const auto& holder : holders) {
      if (!holder.who.empty()) json["at_work"].push_back(holder.who);
    }
    for (const ShardStatus& shard : shards) {
      Json one = {{"shard", shard.shard.Text()}};
      one.update(CountsJson(shard.runs));
      one["at_work"] = shard.who;
      json["shards"].push_back(one);
    }
    json["runs_per_second"] = rates.runs;
    if (rates.cost > 0) json["seconds_left"] = rates.SecondsLeft();
    fmt::print("{}", JsonText(std::move(json)));
    return;
  }
  fmt::print("{}: {}\n", store.output().string(), CountsText(counts));
  for (const ShardStatus& shard : shards) {
    fmt::print("shard {}: {}{}\n", shard.shard.Text(), CountsText(shard.runs),
               shard.who.empty() ? "" : "; " + shard.who + " is at work");
  }
  const auto at_work = std::ranges::find_if(
      holders, [](const auto& holder) { return !holder.who.empty(); });
  if (at_work == holders.end()) {
    fmt::print("no process is at work\n");
  } else if (shards.empty()) {
    fmt::print("{} is at work\n", at_work->who);
  }
  if (rates.cost > 0) {
    fmt::print("{:.3g} runs per second, {} left\n", rates.runs,
               SecondsText(rates.SecondsLeft()));
  }
}

}  // namespace

int StatusCommand(const Options& options) {
  const Options of_sweep = WithKeysOfSweep(options);
  const ResultsStore store(OutputPath(LoadExperimentHead(of_sweep), ""),
                           ResultsStore::Access::kRead);
  WithSweep(of_sweep, store, [&](const ExperimentHead&, const auto& sweep) {
    Print(options, store, sweep);
  });
  return 0;
}

}  // namespace initscope
