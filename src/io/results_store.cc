#include "io/results_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/machine.h"
#include "base/quoted_text.h"
#include "io/guarded_read.h"
#include "io/publish.h"
#include "io/results_writer.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

// What a process that has the store says of itself: "4711 on host since …".
constexpr size_t kMostHolder = 400;

std::string ReadHolder(int file) {
  std::string text(kMostHolder, '\0');
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text.empty() ? "another process" : "process " + Quoted(text, 200);
}

// Raw bytes, from a child process to its parent.
template <typename Value>
void Append(const std::vector<Value>& values, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(values.data()),
                values.size() * sizeof(Value));
}

}  // namespace

struct ResultsStore::PartRuns {
  bool is_current = false;  // this program would compute the same
  std::vector<uint64_t> run_ids;
  std::vector<uint8_t> status;  // as RunStatus
};

ResultsStore::ResultsStore(const fs::path& output, Access access)
    : output_(output), folder_(output.string() + ".parts"), access_(access) {
  std::error_code error;
  if (access_ == Access::kRead && !fs::exists(folder_, error)) return;
  if (access_ != Access::kRead) fs::create_directory(folder_, error);
  if (!fs::is_directory(folder_)) {
    throw OutputError(ExitCode::kCannotCreate, "{}: cannot create the folder{}",
                      folder_.string(), error ? ": " + error.message() : "");
  }
  if (access_ == Access::kLocked) Lock();
  session_ = fmt::format("{}-{}-{}", UtcNow(), HostName(), getpid());
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
  if (lock_ >= 0 && is_empty) unlink((folder_ / "lock").c_str());
  if (lock_ >= 0) close(lock_);
  rmdir(folder_.c_str());  // fails if something is in it
}

std::string ResultsStore::Holder() const {
  const int file = open((folder_ / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  const bool is_held =
      flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  std::string holder = is_held ? ReadHolder(file) : "";
  close(file);
  return holder;
}

void ResultsStore::Lock() {
  const fs::path path = folder_ / "lock";
  const auto fail = [&](const char* what) {
    throw OutputError(ExitCode::kCannotCreate, "{}: {}: {}", path.string(),
                      what, std::strerror(errno));
  };
  for (struct stat status = {}; status.st_nlink == 0;) {
    if (lock_ >= 0) close(lock_);
    lock_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) fail("cannot be created");
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      const std::string holder = ReadHolder(lock_);
      close(std::exchange(lock_, -1));
      if (error == EWOULDBLOCK) {
        throw UserError(ExitCode::kBusy,
                        "{}: {} is computing this sweep; wait for it, or stop "
                        "it and run this again",
                        folder_.string(), holder);
      }
      errno = error;
      fail(
          "the file system has no locks (--no-lock goes on without one, if no "
          "other process computes this sweep)");
    }
    // The process that had it may have removed the file meanwhile.
    if (fstat(lock_, &status) != 0) fail("cannot be read");
  }
  const std::string holder =
      fmt::format("{} on {} since {}", getpid(), HostName(), UtcNow());
  if (ftruncate(lock_, 0) != 0 ||
      pwrite(lock_, holder.data(), holder.size(), 0) !=
          static_cast<ssize_t>(holder.size())) {
    fail("cannot be written");
  }
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

void ResultsStore::ReadPart(const fs::path& path) {
  const std::string bytes = GuardedRead(path.string(), [&] {
    const ResultsReader part(path.string());
    const std::string group = part.RunsGroup();
    std::string reply(1,
                      part.Number("/", "numerics_version") == kNumericsVersion);
    Append(part.Wholes(group + "/run_id"), &reply);
    for (const std::string& name : part.Names(group + "/status")) {
      const auto code = std::ranges::find(kRunStatusNames, name);
      reply.push_back(static_cast<char>(code - kRunStatusNames.begin()));
    }
    return reply;
  });
  constexpr size_t kRunBytes = sizeof(uint64_t) + 1;
  const size_t count = (bytes.size() - 1) / kRunBytes;
  PartRuns runs{bytes[0] != 0, std::vector<uint64_t>(count),
                std::vector<uint8_t>(count)};
  std::memcpy(runs.run_ids.data(), bytes.data() + 1, count * sizeof(uint64_t));
  std::memcpy(runs.status.data(), bytes.data() + bytes.size() - count, count);
  Know(path, runs);
}

void ResultsStore::Know(const fs::path& part, const PartRuns& runs) {
  for (size_t i = 0; i < runs.run_ids.size(); ++i) {
    if (!runs.is_current) {
      ++outdated_;
      continue;
    }
    runs_.insert_or_assign(
        runs.run_ids[i],
        StoredRun{{parts_.size(), i}, static_cast<RunStatus>(runs.status[i])});
  }
  parts_.push_back(part);
  run_ids_.push_back(runs.run_ids);
}

void ResultsStore::AddPart(const std::vector<uint64_t>& run_ids,
                           const std::vector<RunStatus>& status,
                           const std::function<void(Hdf5Writer*)>& write) {
  const fs::path path =
      folder_ / fmt::format("{}-{:05}.h5", session_, parts_.size());
  OutputFile file(path, /*overwrite=*/false);
  WriteAndCommit(write, &file);
  PartRuns runs{true, run_ids, {}};
  for (const RunStatus one : status) {
    runs.status.push_back(static_cast<uint8_t>(one));
  }
  Know(path, runs);
}

std::vector<size_t> ResultsStore::PartsOf(
    const std::vector<uint64_t>& run_ids) const {
  const std::unordered_set<uint64_t> known(run_ids.begin(), run_ids.end());
  std::vector<size_t> parts;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (IsOwn(parts_[i]) &&
        std::ranges::all_of(run_ids_[i], [&](uint64_t run_id) {
          return known.contains(run_id);
        })) {
      parts.push_back(i);
    }
  }
  return parts;
}

void ResultsStore::MakeOnePartOf(std::span<const size_t> parts) {
  ResultsReaders sources;
  std::vector<SourceRun> runs;
  std::vector<uint64_t> run_ids;
  std::vector<RunStatus> status;
  for (const size_t part : parts) {
    for (size_t row = 0; row < run_ids_[part].size(); ++row) {
      const auto stored = runs_.find(run_ids_[part][row]);
      // Another part may have it, too, after a process was killed just here.
      if (stored == runs_.end() || stored->second.place.source != part)
        continue;
      runs.push_back({sources.size(), row});
      run_ids.push_back(stored->first);
      status.push_back(stored->second.status);
    }
    sources.push_back(std::make_unique<ResultsReader>(parts_[part].string()));
  }
  if (!runs.empty()) {
    AddPart(run_ids, status, [&](Hdf5Writer* writer) {
      WriteRoot({}, writer);
      MergeTables(sources, runs, Joined::kParts, writer);
    });
  }
  sources.clear();
  for (const size_t part : parts) RemovePart(part);
}

void ResultsStore::Merge(const std::vector<uint64_t>& run_ids,
                         Hdf5Writer* writer, size_t most_open) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  for (std::vector<size_t> parts = PartsOf(run_ids); parts.size() > most_open;
       parts = PartsOf(run_ids)) {
    for (size_t i = 0; i + 1 < parts.size(); i += most_open) {
      MakeOnePartOf(
          std::span(parts).subspan(i, std::min(most_open, parts.size() - i)));
    }
  }
  ResultsReaders sources;
  std::vector<size_t> source_of(parts_.size(), kNone);
  std::vector<SourceRun> runs;
  for (const uint64_t run_id : run_ids) {
    const auto [part, run] = runs_.at(run_id).place;
    if (source_of[part] == kNone) {
      source_of[part] = sources.size();
      sources.push_back(std::make_unique<ResultsReader>(parts_[part].string()));
    }
    runs.push_back({source_of[part], run});
  }
  MergeTables(sources, runs, Joined::kParts, writer);
}

void ResultsStore::Remove(const std::vector<uint64_t>& run_ids) {
  for (const size_t part : PartsOf(run_ids)) RemovePart(part);
}

void ResultsStore::RemovePart(size_t part) {
  if (unlink(parts_[part].c_str()) != 0) {
    throw OutputError(ExitCode::kIo, "{}: cannot be removed: {}",
                      parts_[part].string(), std::strerror(errno));
  }
  parts_[part].clear();
}

}  // namespace initscope
