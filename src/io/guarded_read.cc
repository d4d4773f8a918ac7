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

// Reading a sound file takes seconds per GB, and as much memory as it has
// bytes.
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

void LimitThisProcess(const Limits& limits) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // dies with its parent
  LowerLimit(RLIMIT_CORE, 0);
  LowerLimit(RLIMIT_CPU, limits.seconds);
#ifndef __SANITIZE_ADDRESS__  // its shadow memory is larger than any limit
  size_t pages = 0;           // of the address space in use
  std::ifstream("/proc/self/statm") >> pages;
  const auto page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  LowerLimit(RLIMIT_AS, pages * page_size + limits.bytes);
#endif
  // glibc reports a heap that HDF5 has corrupted.
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
}

// Writes `code` and `text` to the pipe; ends this process if it cannot.
void Send(int pipe, ExitCode code, std::string_view text) {
  std::string message(sizeof(code), '\0');
  std::memcpy(message.data(), &code, sizeof(code));
  message += text;
  for (size_t sent = 0; sent < message.size();) {
    const ssize_t written =
        write(pipe, message.data() + sent, message.size() - sent);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) _exit(EXIT_FAILURE);
    sent += static_cast<size_t>(written);
  }
}

// Sends the result of `read`, or the message of what it threw.
void ReadInChild(const std::string& path,
                 const std::function<std::string()>& read, int pipe) {
  try {
    Send(pipe, ExitCode::kSuccess, read());
  } catch (const UserError& error) {
    Send(pipe, error.code(), error.what());
  } catch (const std::bad_alloc&) {
    Send(pipe, ExitCode::kData,
         path +
             ": is damaged: reading it asks for more memory than a file of its "
             "size needs");
  } catch (const std::exception& error) {
    Send(pipe, ExitCode::kInternal, error.what());
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

// How a child ended that sent no reply.
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
    LimitThisProcess(limits);
    ReadInChild(path, read, ends[1]);
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
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  ExitCode code;
  if (status != 0 || reply.size() < sizeof(code)) {
    throw UserError(ExitCode::kData, "{}: is damaged: {}", path,
                    EndText(status, limits));
  }
  std::memcpy(&code, reply.data(), sizeof(code));
  reply.erase(0, sizeof(code));
  if (code == ExitCode::kInternal) throw std::runtime_error(reply);
  if (code != ExitCode::kSuccess) throw UserError(code, "{}", reply);
  return reply;
}

}  // namespace initscope
