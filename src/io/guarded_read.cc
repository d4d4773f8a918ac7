#include "io/guarded_read.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <system_error>

#include "base/error.h"

namespace initscope {
namespace {

// A sound file takes seconds a GB, and as much memory as it has bytes.
struct Limits {
  rlim_t seconds, bytes;
};

Limits LimitsFor(const std::string& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  const rlim_t bytes = error ? 0 : size;
  return {5 + (bytes >> 24), (rlim_t{2} << 30) + 16 * bytes};
}

void LowerLimit(int resource, rlim_t limit) {
  rlimit held = {};
  getrlimit(resource, &held);
  held.rlim_cur = std::min(held.rlim_cur, limit);
  setrlimit(resource, &held);
}

rlim_t AddressSpace() {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void LimitThisProcess(const Limits& limits) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // dies with its parent
  LowerLimit(RLIMIT_CORE, 0);
  LowerLimit(RLIMIT_CPU, limits.seconds);
#ifndef __SANITIZE_ADDRESS__  // whose shadow is larger than any limit
  LowerLimit(RLIMIT_AS, AddressSpace() + limits.bytes);
#endif
  // glibc tells of a heap that HDF5 wrecked.
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
}

// Sends an exit code and the text, or the message of what was thrown.
class Reply {
 public:
  explicit Reply(int pipe) : pipe_(pipe) {}

  void Send(ExitCode code, std::string_view text) const {
    Write(&code, sizeof(code));
    Write(text.data(), text.size());
  }

 private:
  void Write(const void* bytes, size_t count) const {
    const char* next = static_cast<const char*>(bytes);
    while (count > 0) {
      const ssize_t written = write(pipe_, next, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) _exit(EXIT_FAILURE);
      next += written;
      count -= static_cast<size_t>(written);
    }
  }

  int pipe_;
};

void ReadInChild(const std::string& path, const Limits& limits,
                 const std::function<std::string()>& read, const Reply& reply) {
  LimitThisProcess(limits);
  try {
    reply.Send(ExitCode::kSuccess, read());
  } catch (const UserError& error) {
    reply.Send(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    reply.Send(ExitCode::kData,
               path +
                   ": is damaged: reading it asks for more memory than a "
                   "file of its size needs");
  } catch (const std::exception& error) {
    reply.Send(ExitCode::kInternal, error.what());
  }
}

std::string ReceiveAll(int pipe) {
  std::string received;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = read(pipe, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return received;
    received.append(buffer, static_cast<size_t>(count));
  }
}

int StatusOf(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Of a child that sent no reply.
std::string EndText(int status, const Limits& limits) {
  if (!WIFSIGNALED(status)) return "reading it ends the library that reads it";
  if (WTERMSIG(status) == SIGXCPU) {
    return fmt::format("reading it does not end ({} s)", limits.seconds);
  }
  return fmt::format("reading it crashes the library that reads it ({})",
                     strsignal(WTERMSIG(status)));
}

}  // namespace

std::string GuardedRead(const std::string& path,
                        const std::function<std::string()>& read) {
  const Limits limits = LimitsFor(path);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe");
  }
  const pid_t child = fork();
  if (child == 0) {
    ReadInChild(path, limits, read, Reply(ends[1]));
    _exit(EXIT_SUCCESS);
  }
  const int failure = errno;
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    throw std::system_error(failure, std::generic_category(), "fork");
  }
  std::string reply = ReceiveAll(ends[0]);
  close(ends[0]);
  const int status = StatusOf(child);
  ExitCode code;
  if (status != 0 || reply.size() < sizeof(code)) {
    throw UserError(ExitCode::kData, fmt::format("{}: is damaged: {}", path,
                                                 EndText(status, limits)));
  }
  std::memcpy(&code, reply.data(), sizeof(code));
  reply.erase(0, sizeof(code));
  if (code == ExitCode::kInternal) throw std::runtime_error(reply);
  if (code != ExitCode::kSuccess) throw UserError(code, reply);
  return reply;
}

}  // namespace initscope
