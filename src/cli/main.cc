// initscope COMMAND [FILE] [options]

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "base/build_info.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/quoted_text.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/verdict_text.h"
#include "spec/keys.h"

namespace initscope {
namespace {

std::string Usage() {
  std::string text =
      "initscope: what does this initialization do to my network?\n\n"
      "initscope COMMAND [FILE] [options]\n\n";
  for (const CommandInfo& command : Commands()) {
    text += fmt::format("  {:<9} {:<28} {}\n", command.name, command.arguments,
                        command.summary);
  }
  return text +
         "\n'initscope COMMAND --help' explains a command, '--version' says "
         "which build this is.\n";
}

std::string Version() {
  const BuildInfo& build = GetBuildInfo();
  return fmt::format("initscope {} (commit {}{}; {}; {})\n", build.version,
                     build.git_commit, build.git_dirty ? ", modified" : "",
                     build.compiler, build.flags);
}

const CommandInfo& FindCommand(const std::string& name) {
  std::vector<std::string_view> names;
  for (const CommandInfo& command : Commands()) {
    if (name == command.name) return command;
    names.push_back(command.name);
  }
  FailUsage("unknown command '{}'{}", Quoted(name),
            DidYouMean(name, names,
                       fmt::format("; there are {}", fmt::join(names, ", "))));
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    Say("{}", Usage());
    return static_cast<int>(ExitCode::kUsage);
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" ||
      arguments[0] == "help") {
    fmt::print("{}", Usage());
    return 0;
  }
  if (arguments[0] == "--version") {
    fmt::print("{}", Version());
    return 0;
  }
  const CommandInfo& command = FindCommand(arguments[0]);
  Options options =
      ParseOptions(command, {arguments.begin() + 1, arguments.end()});
  if (options.help) {
    fmt::print("{}", CommandHelp(command));
    return 0;
  }
  options.command_line = fmt::format("initscope {}", fmt::join(arguments, " "));
  return command.run(options);
}

// Prints the message as one line, whatever is in the values that it quotes.
// Ignores a closed stderr.
int Report(ExitCode code, const std::string& message) {
  constexpr size_t kMostShown = 2000;
  std::fputs(
      fmt::format("initscope: {}\n", Quoted(message, kMostShown)).c_str(),
      stderr);
  return static_cast<int>(code);
}

// Like Report(), but silent if the reader of a pipe has left (`| head`).
int ReportIo(int error, const std::string& message) {
  return error == EPIPE ? 128 + SIGPIPE : Report(ExitCode::kIo, message);
}

// Opens /dev/null in place of a closed standard stream, so that no results file
// gets its descriptor. Writing to such a stdout fails.
void OpenStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    // The lowest free descriptor is `stream`.
    if (open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_RDWR) < 0) {
      return;
    }
  }
}

int MainWithErrors(int argc, char** argv) {
  OpenStandardStreams();
  // Make a closed pipe and `ulimit -f` errors of the write, so that temporary
  // files are removed.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const int status = Main({argv + 1, argv + argc});
    if (std::fflush(stdout) != 0) {
      return ReportIo(errno, fmt::format("cannot write to stdout: {}",
                                         std::strerror(errno)));
    }
    return status;
  } catch (const UserError& error) {
    return Report(error.code(), error.what());
  } catch (const std::system_error& error) {  // from fmt::print, among others
    return ReportIo(error.code().value(), error.what());
  } catch (const std::bad_alloc&) {
    return Report(ExitCode::kIo, "out of memory; lower width, batch or jobs");
  } catch (const std::exception& error) {
    return Report(ExitCode::kInternal,
                  fmt::format("internal error: {}", error.what()));
  }
}

}  // namespace

std::span<const CommandInfo> Commands() {
  static constexpr CommandInfo kCommands[] = {
      {"run", "[FILE.ini] [options]",
       "runs the sweep that the file describes; writes an HDF5 file",
       kSimulation, true, false, 1, RunCommand, false, true},
      {"train", "[FILE.ini] [options]",
       "takes steps of gradient descent; writes statistics at chosen steps",
       kTraining, true, false, 1, TrainCommand, false, true},
      {"plan", "[FILE.ini] [options]",
       "prints the runs, the work, the memory and the time; runs nothing",
       kNetworks, false, false, 1, PlanCommand},
      {"trace", "[FILE.ini] [options]",
       "saves every tensor of one run; --print shows each step", kNetworks,
       true, true, 1, TraceCommand},
      {"theory", "[FILE.ini] [options]",
       "prints what mean-field theory predicts, or writes it (--output)",
       kSimulation, true, false, 1, TheoryCommand},
      {"gradcheck", "[FILE.ini] [options]",
       "compares every analytic gradient with central differences",
       kEveryCommand, false, true, 1, GradcheckCommand},
      {"attention", "[FILE.ini] [options]",
       "computes attention step by step from matrices, or sweeps over d_k",
       kAttention, true, false, 1, AttentionCommand, true, true},
      {"list", "[TOPIC]",
       "lists keys, activations, inits, losses, inputs or statistics", 0, false,
       false, 1, ListCommand},
      {"info", "FILE.h5",
       "shows what a results file holds and what became of its runs", 0, false,
       false, 1, InfoCommand, false, false, VerdictHelp},
      {"status", "[FILE.ini] [options]",
       "says how many runs of a sweep are finished, and who is at work",
       kEveryCommand, false, false, 1, StatusCommand},
      {"verify", "FILE.h5", "checks digests, tables and runs of a results file",
       0, false, false, 1, VerifyCommand},
      {"merge", "OUT.h5 FILE.h5... | FILE.ini",
       "joins results files, or what the shards of a sweep stored",
       kEveryCommand, true, false, SIZE_MAX, MergeCommand, false, false,
       nullptr, true},
  };
  return kCommands;
}

}  // namespace initscope

int main(int argc, char** argv) {
  initscope::PrepareHeap();
  return initscope::MainWithErrors(argc, argv);
}
