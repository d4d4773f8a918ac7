// Takes the results of a sweep and stores them every now and then.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "io/results_store.h"
#include "sweep/result_sink.h"
#include "sweep/store_pace.h"

namespace initscope {

template <typename Spec, typename Result>
class StoreSink final : public ResultSink<Result> {
 public:
  // Writes a results file with these runs and results.
  using Write = std::function<void(const std::vector<Spec>& runs,
                                   const std::vector<Result>& results,
                                   Hdf5Writer* writer)>;

  using OnTake = std::function<void(size_t place, const Result& result)>;
  using OnUnderway =
      std::function<void(size_t place, const Spec& run, double share)>;

  // `runs`: how many are computed; what is left in memory when all are taken
  // waits for Commit() or WriteAll().
  // `on_take` is called for every result with its run's place among all that
  // are computed, by one thread at a time; what it throws ends the sweep.
  // `on_underway` is called as Underway(), by several threads.
  StoreSink(
      size_t runs, Write write, ResultsStore* store, OnTake on_take,
      OnUnderway on_underway = [](size_t, const Spec&, double) {})
      : all_runs_(runs),
        write_(std::move(write)),
        store_(store),
        on_take_(std::move(on_take)),
        on_underway_(std::move(on_underway)) {}

  // From here on Take() is told of these runs, before which `begin` are
  // computed. `runs` must stay as it is until all of them are taken.
  void Begin(const std::vector<Spec>& runs, size_t begin) {
    runs_ = &runs;
    begin_ = begin;
  }

  void Take(size_t index, Result result) override {
    std::vector<Held> due;
    {
      const std::lock_guard lock(mutex_);
      const bool is_last = ++taken_ == all_runs_;
      bytes_ += result.Bytes();
      held_.push_back({begin_ + index, (*runs_)[index], std::move(result)});
      on_take_(begin_ + index, held_.back().result);
      if (!is_last && pace_.IsDue(bytes_)) due = Release();
    }
    Store(std::move(due));
  }

  void Underway(size_t index, double share) override {
    on_underway_(begin_ + index, (*runs_)[index], share);
  }

  // Stores what is still in memory.
  void Commit() {
    std::unique_lock lock(mutex_);
    std::vector<Held> due = Release();
    lock.unlock();
    Store(std::move(due));
  }

  // Writes a results file with all runs. REQUIRES: every run has been taken,
  // and none has been stored. May be called again.
  void WriteAll(Hdf5Writer* writer) {
    if (!held_.empty()) all_ = InOrder(std::exchange(held_, {}));
    write_(all_.first, all_.second, writer);
  }

  // The number of runs taken.
  size_t taken() const { return taken_; }

 private:
  struct Held {
    size_t index;  // in the whole sweep
    Spec run;
    Result result;
  };

  std::vector<Held> Release() {
    pace_.Stored(std::exchange(bytes_, 0));
    return std::exchange(held_, {});
  }

  using All = std::pair<std::vector<Spec>, std::vector<Result>>;

  static All InOrder(std::vector<Held> held) {
    std::ranges::sort(held, {}, &Held::index);
    All all;
    for (Held& one : held) {
      all.first.push_back(std::move(one.run));
      all.second.push_back(std::move(one.result));
    }
    return all;
  }

  void Store(std::vector<Held> held) {
    if (held.empty()) return;
    const All all = InOrder(std::move(held));
    const std::vector<Spec>& runs = all.first;
    const std::vector<Result>& results = all.second;
    std::vector<uint64_t> run_ids;
    std::vector<RunStatus> status;
    for (const Spec& run : runs) run_ids.push_back(run.run_id);
    for (const Result& result : results) status.push_back(result.status());
    const std::lock_guard lock(store_mutex_);
    store_->AddPart(run_ids, status,
                    [&](Hdf5Writer* writer) { write_(runs, results, writer); });
  }

  const std::vector<Spec>* runs_ = nullptr;
  size_t begin_ = 0;  // the number of runs before these
  const size_t all_runs_;
  const Write write_;
  ResultsStore* store_;
  const OnTake on_take_;
  const OnUnderway on_underway_;
  std::mutex mutex_;        // of all below
  std::vector<Held> held_;  // not stored yet
  size_t bytes_ = 0;        // of these
  All all_;                 // what WriteAll() has taken of these
  size_t taken_ = 0;
  StorePace pace_;
  std::mutex store_mutex_;
};

}  // namespace initscope
