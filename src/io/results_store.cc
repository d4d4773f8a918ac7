#include "io/results_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/machine.h"
#include "base/quoted_text.h"
#include "io/guarded_read.h"
#include "io/merged_tables.h"
#include "io/output_file.h"
#include "io/publish.h"
#include "io/results_writer.h"
#include "io/verify_results.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kShardLock = "shard-", kLockSuffix = ".lock";

std::string LockName(Shard shard) {
  return fmt::format("{}{}-of-{}{}", kShardLock, shard.index + 1, shard.count,
                     kLockSuffix);
}

// The shard of a lock's name; of another name, one whose count is 0.
Shard ShardOfLock(std::string_view name) {
  Shard shard{0, 0};
  if (!name.starts_with(kShardLock)) return shard;
  const char* const end = name.data() + name.size();
  const auto [dash, error] =
      std::from_chars(name.data() + kShardLock.size(), end, shard.index);
  if (error != std::errc() || shard.index-- < 1) return shard;
  constexpr std::string_view kOf = "-of-";
  if (std::string_view(dash, end).starts_with(kOf)) {
    std::from_chars(dash + kOf.size(), end, shard.count);
  }
  if (shard.index >= shard.count || LockName(shard) != name) shard.count = 0;
  return shard;
}

// Raw bytes, from a child process to its parent.
template <typename Value>
void Append(const std::vector<Value>& values, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(values.data()),
                values.size() * sizeof(Value));
}

template <typename Value>
std::vector<Value> ValuesOf(std::string_view bytes) {
  std::vector<Value> values(bytes.size() / sizeof(Value));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(Value));
  return values;
}

// Throws UserError (kData) if a file is not as it was written. Its columns are
// read in another process, where HDF5 may crash.
void CheckSound(const std::string& file) {
  const FileCheck check = VerifyResults(file);
  if (check.problems.empty()) return;
  const std::string& problem = check.problems[0];
  throw UserError(ExitCode::kData, "{}{}",
                  problem.starts_with(file) ? "" : file + ": ", problem);
}

// Of a part: whether this program would compute the same, its run_ids, and the
// status of each run.
std::string RunsOf(const fs::path& path) {
  return GuardedRead(path.string(), [&] {
    const ResultsReader part(path.string());
    const std::string group = part.RunsGroup();
    std::string reply(1,
                      part.Number("/", "numerics_version") == kNumericsVersion);
    Append(part.Wholes(group + "/run_id"), &reply);
    for (const std::string& name : part.Names(group + "/status")) {
      const auto code = std::ranges::find(kRunStatusNames, name);
      if (code == kRunStatusNames.end()) {
        part.Fail("is damaged: there is no status '{}'", Quoted(name));
      }
      reply.push_back(static_cast<char>(code - kRunStatusNames.begin()));
    }
    return reply;
  });
}

}  // namespace

std::vector<uint64_t> ReadRunIds(const fs::path& file) {
  const std::string bytes = GuardedRead(file.string(), [&] {
    const ResultsReader results(file.string());
    std::string reply;
    Append(results.Wholes(results.RunsGroup() + "/run_id"), &reply);
    return reply;
  });
  return ValuesOf<uint64_t>(bytes);
}

ResultsStore::ResultsStore(const fs::path& output, Access access, Shard shard)
    : output_(output), folder_(output.string() + ".parts"), access_(access) {
  std::error_code error;
  if (access_ == Access::kRead) {
    if (fs::exists(folder_, error)) ReadParts();
    if (fs::exists(output_, error)) Include(output_);
    return;
  }
  fs::create_directory(folder_, error);
  if (!fs::is_directory(folder_)) {
    throw OutputError(ExitCode::kCannotCreate, "{}: cannot create the folder{}",
                      folder_.string(), error ? ": " + error.message() : "");
  }
  if (access_ == Access::kLocked) Lock(shard);
  session_ = fmt::format("{}-{}-{}-", UtcNow(), HostName(), getpid());
  for (char& c : session_) {
    if (c == '/' || c == ':') c = '-';
  }
  ReadParts();
}

ResultsStore::~ResultsStore() {
  if (access_ == Access::kRead) return;
  // While it is locked, so that no other process has opened it in between.
  const bool is_empty = std::ranges::none_of(
      parts_, [&](const fs::path& part) { return IsOwn(part); });
  if (is_alone_ && is_empty) {
    for (const Holder& holder : Holders()) {
      unlink((folder_ / LockName(holder.shard)).c_str());
    }
    RemoveAbandonedFiles(folder_, Machine::kAny);
    unlink((folder_ / "lock").c_str());
  }
  rmdir(folder_.c_str());  // fails if something is in it
}

std::vector<ResultsStore::Holder> ResultsStore::Holders() const {
  std::vector<Holder> holders;
  std::error_code error;
  const auto add = [&](Shard shard, const fs::path& lock) {
    holders.push_back(
        {shard, LockFile::Holder(lock), fs::last_write_time(lock, error)});
  };
  add({}, folder_ / "lock");
  if (holders[0].who.empty()) holders.clear();
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const Shard shard = ShardOfLock(entry.path().filename().string());
    if (shard.count > 0) add(shard, entry.path());
  }
  std::ranges::sort(holders, {}, [](const Holder& holder) {
    return std::pair(holder.shard.count, holder.shard.index);
  });
  return holders;
}

void ResultsStore::Lock(Shard shard) {
  const bool is_shard = shard.count > 1;
  lock_ =
      LockFile::Try(folder_ / "lock", is_shard ? LockFile::Mode::kShared
                                               : LockFile::Mode::kExclusive);
  if (lock_ && is_shard) {
    shard_lock_ =
        LockFile::Try(folder_ / LockName(shard), LockFile::Mode::kExclusive);
  }
  is_alone_ = lock_ && !is_shard;
  if (is_alone_ || shard_lock_) return;
  // Its own shard's holder, or any.
  std::string who = "another process";
  for (const Holder& holder : Holders()) {
    if (holder.who.empty()) continue;
    who = holder.who;
    if (holder.shard.index == shard.index && holder.shard.count == shard.count)
      break;
  }
  throw UserError(ExitCode::kBusy,
                  "{}: {} is computing this {}; wait for it, or stop it and "
                  "run this again",
                  folder_.string(), who, lock_ ? "shard" : "sweep");
}

bool ResultsStore::TakeOver() {
  if (is_alone_) return true;
  if (access_ != Access::kLocked) return false;
  lock_.reset();  // the last one to get here finds it free
  lock_ = LockFile::Try(folder_ / "lock", LockFile::Mode::kExclusive);
  is_alone_ = lock_ != nullptr;
  if (!is_alone_) return false;
  // Another one may have been the last before, and removed all.
  const std::vector<fs::path> before = std::exchange(parts_, {});
  run_ids_.clear();
  runs_.clear();
  outdated_ = 0;
  for (const fs::path& part : before) {
    if (!IsOwn(part)) Include(part);
  }
  ReadParts();
  return true;
}

void ResultsStore::ReadParts() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && name.ends_with(".h5")) {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  for (const fs::path& path : paths) ReadPart(path);
}

void ResultsStore::Include(const fs::path& file) { ReadPart(file); }

void ResultsStore::Advising(const fs::path& part,
                            const std::function<void()>& read) const {
  try {
    read();
  } catch (const UserError& error) {
    if (error.code() != ExitCode::kData || !IsOwn(part)) throw;
    throw UserError(ExitCode::kData,
                    "{}; remove it, and the sweep's own command computes its "
                    "runs again",
                    error.what());
  }
}

void ResultsStore::ReadPart(const fs::path& path) {
  std::string bytes;
  Advising(path, [&] { bytes = RunsOf(path); });
  const std::string_view runs = std::string_view(bytes).substr(1);
  const size_t count = runs.size() / (sizeof(uint64_t) + 1);
  std::vector<RunStatus> status;
  for (const char code : runs.substr(count * sizeof(uint64_t))) {
    status.push_back(static_cast<RunStatus>(code));
  }
  Know(path, bytes[0] != 0,
       ValuesOf<uint64_t>(runs.substr(0, count * sizeof(uint64_t))), status);
}

void ResultsStore::Know(const fs::path& part, bool is_current,
                        const std::vector<uint64_t>& run_ids,
                        const std::vector<RunStatus>& status) {
  for (size_t i = 0; i < run_ids.size(); ++i) {
    if (is_current) {
      runs_.push_back({run_ids[i], static_cast<uint32_t>(parts_.size()),
                       static_cast<uint32_t>(i), status[i]});
    } else {
      ++outdated_;
    }
  }
  is_sorted_ = false;
  parts_.push_back(part);
  run_ids_.push_back(run_ids);
}

const std::vector<StoredRun>& ResultsStore::runs() const {
  if (is_sorted_) return runs_;
  // A run that two parts have is that of the later one.
  std::ranges::sort(runs_, [](const StoredRun& a, const StoredRun& b) {
    return std::tie(a.run_id, b.part) < std::tie(b.run_id, a.part);
  });
  runs_.erase(std::unique(runs_.begin(), runs_.end(),
                          [](const StoredRun& a, const StoredRun& b) {
                            return a.run_id == b.run_id;
                          }),
              runs_.end());
  is_sorted_ = true;
  return runs_;
}

const StoredRun* ResultsStore::Find(uint64_t run_id) const {
  const auto run =
      std::ranges::lower_bound(runs(), run_id, {}, &StoredRun::run_id);
  return run == runs_.end() || run->run_id != run_id ? nullptr : &*run;
}

std::vector<uint64_t> ResultsStore::RunIds() const {
  std::vector<uint64_t> run_ids;
  for (size_t part = 0; part < parts_.size(); ++part) {
    for (const uint64_t run_id : run_ids_[part]) {
      const StoredRun* const run = Find(run_id);
      if (run != nullptr && run->part == part) run_ids.push_back(run_id);
    }
  }
  return run_ids;
}

fs::path ResultsStore::FirstFile() const {
  const auto part = std::ranges::find_if(
      parts_, [](const fs::path& path) { return !path.empty(); });
  return part == parts_.end() ? fs::path() : *part;
}

std::string ResultsStore::RootText(const char* name) const {
  const std::string file = FirstFile().string();
  if (file.empty()) return "";
  return GuardedRead(file, [&] { return ResultsReader(file).Text("/", name); });
}

void ResultsStore::AddPart(const std::vector<uint64_t>& run_ids,
                           const std::vector<RunStatus>& status,
                           const std::function<void(Hdf5Writer*)>& write) {
  const fs::path path =
      folder_ / fmt::format("{}{:05}.h5", session_, parts_.size());
  try {
    OutputFile file(path, /*overwrite=*/false);
    WriteAndCommit(write, OutputKind::kPart, &file);
  } catch (const OutputError&) {
    std::error_code error;
    if (fs::exists(folder_, error) || error) throw;
    throw OutputError(ExitCode::kIo,
                      "{}: is gone, removed or renamed while the sweep was "
                      "running; the same command computes its runs again",
                      folder_.string());
  }
  Know(path, true, run_ids, status);
}

void ResultsStore::Merge(const std::vector<uint64_t>& run_ids,
                         Hdf5Writer* writer, size_t most_open) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<std::string> sources;
  std::vector<size_t> source_of(parts_.size(), kNone);
  std::vector<SourceRun> runs;
  runs.reserve(run_ids.size());
  for (const uint64_t run_id : run_ids) {
    const StoredRun* const run = Find(run_id);
    INITSCOPE_CHECK(run != nullptr);
    if (source_of[run->part] == kNone) {
      source_of[run->part] = sources.size();
      sources.push_back(parts_[run->part].string());
    }
    runs.push_back({source_of[run->part], run->row});
  }
  std::error_code error;
  for (const std::string& source : sources) {
    if (!fs::exists(source, error) && !error) {
      throw UserError(ExitCode::kIo,
                      "{}: is gone, removed meanwhile; 'initscope run' or "
                      "'train' computes its runs again",
                      source);
    }
    if (IsOfThisProcess(source)) continue;
    Advising(source, [&] { CheckSound(source); });
  }
  MergeTables(ResultsFiles(sources, most_open), runs, Joined::kParts, writer);
}

void ResultsStore::Remove(const std::vector<uint64_t>& run_ids) {
  std::vector<uint64_t> known = run_ids;
  std::ranges::sort(known);
  for (size_t part = 0; part < parts_.size(); ++part) {
    if (!IsOwn(parts_[part]) ||
        !std::ranges::all_of(run_ids_[part], [&](uint64_t run_id) {
          return std::ranges::binary_search(known, run_id);
        })) {
      continue;
    }
    if (unlink(parts_[part].c_str()) != 0) {
      throw OutputError(ExitCode::kIo, "{}: cannot be removed: {}",
                        parts_[part].string(), std::strerror(errno));
    }
    parts_[part].clear();
  }
}

}  // namespace initscope
