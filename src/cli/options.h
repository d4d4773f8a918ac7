// The command line of one command, parsed by Boost.Program_options.
#pragma once

#include <string>
#include <vector>

#include "spec/sweep.h"
#include "sweep/shard.h"

namespace initscope {

struct Options {
  std::string command;
  CommandSet keys = 0;             // which commands' keys this one takes
  std::vector<std::string> files;  // positional arguments
  std::vector<Setting> settings;   // keys given as flags
  bool force = false;
  bool json = false;
  bool quiet = false;
  bool print = false;
  bool check = false;
  bool no_lock = false;
  bool extend = false;
  bool retry_failed = false;
  bool fail_fast = false;
  bool keep_going = false;
  double memory = 0;  // --memory, in bytes; 0: most of what there is
  Shard shard;        // --shard, or what a job array of Slurm says
  bool help = false;
  std::string command_line;  // as it was typed, for the results file
};

// A command, and what it takes.
struct CommandInfo {
  const char* name;
  const char* arguments;  // "FILE.ini [options]"
  const char* summary;
  CommandSet keys;  // which commands' keys are flags; 0 for none
  bool writes;      // has --force
  bool prints;      // has --print
  size_t most_files;
  int (*run)(const Options& options);
  bool checks = false;                 // has --check
  bool stores = false;                 // keeps finished runs (sweep_task.h)
  std::string (*explain)() = nullptr;  // the end of its --help page
  bool merges = false;                 // what others have stored
};

// The flag of a key, without "--": bias_std is written bias-std.
std::string FlagName(std::string_view key);

// Throws UserError (kUsage) for an unknown option, a flag given twice, or too
// many files.
Options ParseOptions(const CommandInfo& command,
                     const std::vector<std::string>& arguments);

// The text of `initscope COMMAND --help`.
std::string CommandHelp(const CommandInfo& command);

}  // namespace initscope
