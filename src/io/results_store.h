// The finished runs of a sweep on disk while it runs: the folder OUTPUT.parts
// with its part files, each a small results file that holds some of the runs.
//
// A part file appears whole or not at all (io/output_file.h) and never changes.
// A run counts as finished once its part file is in place. When all runs of the
// sweep are finished, the parts are merged into OUTPUT and removed. One process
// has the store for itself, or those of the sweep's shards have it together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/run_status.h"
#include "io/hdf5_writer.h"
#include "io/lock_file.h"
#include "sweep/shard.h"
#include "sweep/store_pace.h"

namespace initscope {

struct StoredRun {
  uint64_t run_id;
  uint32_t part, row;  // its part, and its row there
  RunStatus status = RunStatus::kComplete;
};

// The runs of a results file. Throws UserError (kData) if it is damaged.
// REQUIRES: no other thread is at work (io/guarded_read.h).
std::vector<uint64_t> ReadRunIds(const std::filesystem::path& file);

class ResultsStore {
 public:
  enum class Access {
    kLocked,    // keeps other processes from it while this object lives
    kUnlocked,  // may be shared unawares
    kRead,      // changes nothing: what is there, in `output`, too
  };

  // Opens the store of `output`. Throws UserError: kBusy if another process has
  // it, or the shard, naming that; kCannotCreate or kIo if the folder cannot be
  // used; kData for a damaged part. REQUIRES: no other thread is at work
  // (io/guarded_read.h).
  ResultsStore(const std::filesystem::path& output, Access access,
               Shard shard = {});
  // Removes the folder if nothing is in it but what killed processes have left.
  ~ResultsStore();
  ResultsStore(const ResultsStore&) = delete;
  ResultsStore& operator=(const ResultsStore&) = delete;

  const std::filesystem::path& output() const { return output_; }
  const std::filesystem::path& folder() const { return folder_; }
  // The runs in the parts, in the order of their run_ids, but for those that
  // this version of initscope would compute otherwise (numerics_version). By
  // one thread at a time, as are all that look for runs.
  const std::vector<StoredRun>& runs() const;
  size_t outdated() const { return outdated_; }  // the number of such runs
  // nullptr if the run is not there.
  const StoredRun* Find(uint64_t run_id) const;
  // std::nullopt if the run is not there.
  std::optional<RunStatus> StatusOf(uint64_t run_id) const {
    const StoredRun* const run = Find(run_id);
    return run == nullptr ? std::nullopt : std::optional(run->status);
  }

  // A process at work.
  struct Holder {
    Shard shard;
    std::string who;  // "process 4711 on …"; "" if it has ended
    std::filesystem::file_time_type since;
  };
  // Those that have the store, or had a shard of it.
  std::vector<Holder> Holders() const;

  // Of a shard, at its end: whether no other process has the store any more.
  // Then this one has it for itself, and knows what the others have stored.
  bool TakeOver();

  // Those of runs(), part by part.
  std::vector<uint64_t> RunIds() const;
  // The files that have them; "" in place of one that was removed.
  const std::vector<std::filesystem::path>& files() const { return parts_; }
  // The first file that has some of them; "" if there is none.
  std::filesystem::path FirstFile() const;
  // An attribute of that file's root, such as "command_line"; "" if there is
  // none.
  std::string RootText(const char* name) const;

  // Takes the runs of a results file elsewhere as those of a part.
  void Include(const std::filesystem::path& file);

  // Writes a part with these runs, in their order. Throws OutputError.
  void AddPart(const std::vector<uint64_t>& run_ids,
               const std::vector<RunStatus>& status,
               const std::function<void(Hdf5Writer*)>& write);

  // Writes the tables of a results file with these runs, in their order, with
  // up to `most_open` + 1 parts open. REQUIRES: all of the runs are in the
  // store.
  void Merge(const std::vector<uint64_t>& run_ids, Hdf5Writer* writer,
             size_t most_open = kMostOpenParts);

  // Removes the part files that hold nothing but some of these runs.
  void Remove(const std::vector<uint64_t>& run_ids);

 private:
  void Lock(Shard shard);
  // Whether a part is in the folder, and not another file (Include()).
  bool IsOwn(const std::filesystem::path& part) const {
    return part.parent_path() == folder_;
  }
  bool IsOfThisProcess(const std::filesystem::path& part) const {
    return IsOwn(part) && !session_.empty() &&
           part.filename().string().starts_with(session_);
  }
  void ReadParts();
  void ReadPart(const std::filesystem::path& path);
  // Calls `read`; an error in what a part of the folder holds says what to do.
  void Advising(const std::filesystem::path& part,
                const std::function<void()>& read) const;
  // `is_current`: this program would compute the same.
  void Know(const std::filesystem::path& part, bool is_current,
            const std::vector<uint64_t>& run_ids,
            const std::vector<RunStatus>& status);

  const std::filesystem::path output_, folder_;
  const Access access_;
  std::unique_ptr<LockFile> shard_lock_, lock_;
  bool is_alone_ = false;  // no other process has the store
  std::string session_;    // begins the names of this process's parts
  std::vector<std::filesystem::path> parts_;    // "" if removed
  std::vector<std::vector<uint64_t>> run_ids_;  // of each part
  mutable std::vector<StoredRun> runs_;  // sorted when they are looked at
  mutable bool is_sorted_ = true;
  size_t outdated_ = 0;
};

}  // namespace initscope
