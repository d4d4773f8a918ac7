// The command line of one command, by Boost.Program_options.
#pragma once

#include <string>
#include <vector>

#include "spec/sweep.h"

namespace initscope {

struct Options {
  std::string command;
  CommandSet keys = 0;             // whose keys the command takes
  std::vector<std::string> files;  // positional arguments
  std::vector<Setting> settings;   // keys given as flags
  bool force = false;
  bool json = false;
  bool quiet = false;
  bool print = false;
  bool check = false;
  bool help = false;
  std::string command_line;  // as it was typed, for the results file
};

// What a command takes.
struct CommandInfo {
  const char* name;
  const char* arguments;  // "FILE.ini [options]"
  const char* summary;
  CommandSet keys;  // whose keys are flags, too; 0 for none
  bool writes;      // --force
  bool prints;      // --print
  size_t most_files;
  int (*run)(const Options& options);
  bool checks = false;                 // --check
  std::string (*explain)() = nullptr;  // what its page ends with
};

// Throws UserError (kUsage) for an unknown option, a flag given twice, or too
// many files.
Options ParseOptions(const CommandInfo& command,
                     const std::vector<std::string>& arguments);

// The page of `initscope COMMAND --help`.
std::string CommandHelp(const CommandInfo& command);

}  // namespace initscope
