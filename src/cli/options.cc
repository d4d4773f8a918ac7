#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdlib>
#include <optional>
#include <sstream>

#include "base/number_text.h"
#include "base/quoted_text.h"
#include "cli/say.h"
#include "cli/units.h"
#include "spec/keys.h"

namespace initscope {
namespace {

namespace po = boost::program_options;

// The options that are no keys; parsing fills `options`.
po::options_description CommandOptions(const CommandInfo& command,
                                       Options* options) {
  po::options_description page("Options");
  auto add = page.add_options();
  if (command.writes) {
    add("force", po::bool_switch(&options->force),
        "overwrite an existing output file");
  }
  if (command.keys != 0) {
    add("memory", po::value<std::string>()->value_name("SIZE"),
        "the most memory to use, as 500M or 2G (default: 80 % of what is "
        "free); "
        "fewer jobs run at the same time if it is not enough for all");
  }
  if (command.prints) {
    add("print", po::bool_switch(&options->print),
        "print each step: formula, shape and matrix; gradcheck prints logits, "
        "predictions and targets");
  }
  if (command.checks) {
    add("check", po::bool_switch(&options->check),
        "compare every gradient with central differences; write nothing");
  }
  if (command.stores) {
    add("extend", po::bool_switch(&options->extend),
        "keep the runs of an existing output file, and add those that it "
        "lacks");
    add("retry-failed", po::bool_switch(&options->retry_failed),
        "compute runs again that failed before");
    add("keep-going", po::bool_switch(&options->keep_going),
        "go on when a run fails (the default)");
    add("fail-fast", po::bool_switch(&options->fail_fast),
        "stop at the first run that fails");
    add("shard", po::value<std::string>()->value_name("i/N"),
        "compute the i-th of N shares of the sweep; as many processes as there "
        "are shares fill one file (in a Slurm job array: the task's share)");
  }
  if (command.stores || command.merges) {
    add("no-lock", po::bool_switch(&options->no_lock),
        "for file systems without locks, if no other process computes this "
        "sweep");
  }
  add("json", po::bool_switch(&options->json),
      "machine-readable output on stdout");
  add("quiet", po::bool_switch(&options->quiet), "no progress, no summary");
  add("help,h", po::bool_switch(&options->help), "this page");
  return page;
}

po::options_description KeyOptions(CommandSet commands) {
  po::options_description options(
      "Keys, as flags or in the file as 'key = value'. A flag overrides the "
      "file.\nA LIST is a, b or range(0, 8), linspace(0.5, 2, 4), "
      "geomspace(64, 1024, 5);\nwrite an item that has a comma in it \"in "
      "quotation marks\"");
  for (const Key& key : Keys()) {
    if ((key.commands & commands) == 0) continue;
    std::string help = fmt::format("{} [{}]", key.help, key.default_text);
    if (!key.sweepable) help += " (no list)";
    options.add_options()(FlagName(key.name).c_str(),
                          po::value<std::vector<std::string>>()->value_name(
                              key.sweepable ? "LIST" : "VALUE"),
                          help.c_str());
  }
  return options;
}

[[noreturn]] void FailOption(const CommandInfo& command,
                             const std::string& what) {
  FailUsage("{}; see 'initscope {} --help'", what, command.name);
}

[[noreturn]] void FailUnknown(const CommandInfo& command, std::string option,
                              const po::options_description& known) {
  const bool is_long = option.starts_with("--");
  option.erase(0, option.find_first_not_of('-'));
  option.erase(std::min(option.find('='), option.size()));
  for (const Key& key : Keys()) {
    if (!is_long || FlagName(key.name) != option) continue;
    FailUsage("--{}: {}", option, NotItsKey(key, {command.name, command.keys}));
  }
  std::vector<std::string> names;
  for (const auto& o : known.options()) names.push_back(o->long_name());
  std::string hint = DidYouMean(
      option, std::vector<std::string_view>(names.begin(), names.end()));
  const size_t quote = hint.find('\'');
  if (quote != std::string::npos) hint.insert(quote + 1, "--");
  if (!hint.empty()) {
    FailUsage("unknown option --{}{}", Quoted(option), hint);
  }
  FailOption(command, fmt::format("unknown option --{}", Quoted(option)));
}

Shard ParseShard(const CommandInfo& command, const std::string& text) {
  const size_t slash = text.find('/');
  const auto number = [&](size_t begin, size_t end) {
    return begin > text.size()
               ? std::nullopt
               : ParseNumber<uint64_t>(text.substr(begin, end - begin));
  };
  const auto index = number(0, slash);
  const auto count = slash == std::string::npos
                         ? std::nullopt
                         : number(slash + 1, std::string::npos);
  if (!index || !count || *index < 1 || *index > *count ||
      *count > kMostShards) {
    FailOption(command,
               fmt::format("--shard {} is not i/N, as 1/6 to 6/6 (N up to {})",
                           Quoted(text), kMostShards));
  }
  return {*index - 1, *count};
}

// The share of this task of a Slurm job array.
Shard ShardOfJobArray() {
  const auto number = [](const char* name) {
    const char* const text = std::getenv(name);
    return text ? ParseNumber<uint64_t>(text) : std::nullopt;
  };
  const auto id = number("SLURM_ARRAY_TASK_ID");
  const auto count = number("SLURM_ARRAY_TASK_COUNT");
  if (!id || !count || *count < 2) return {};
  const uint64_t first = number("SLURM_ARRAY_TASK_MIN").value_or(0);
  const uint64_t step = number("SLURM_ARRAY_TASK_STEP").value_or(1);
  const uint64_t index =
      step == 0 || *id < first ? *count : (*id - first) / step;
  if (index >= *count || *count > kMostShards || (*id - first) % step != 0) {
    FailUsage(
        "task {} of a Slurm job array of {} is no share i/{}: number the tasks "
        "in equal steps, or give --shard (1/1 computes all)",
        *id, *count, *count);
  }
  return {index, *count};
}

}  // namespace

std::string FlagName(std::string_view key) {
  std::string flag(key);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::string CommandHelp(const CommandInfo& command) {
  std::ostringstream page;
  Options unused;
  page << "initscope " << command.name << " " << command.arguments << "\n\n"
       << command.summary << "\n\n"
       << CommandOptions(command, &unused);
  if (command.keys != 0) page << "\n" << KeyOptions(command.keys);
  if (command.explain != nullptr) page << "\n" << command.explain();
  return page.str();
}

Options ParseOptions(const CommandInfo& command,
                     const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (!IsUtf8(argument)) {
      FailOption(
          command,
          fmt::format("'{}' is not UTF-8, which results files and --json "
                      "need; rename the file",
                      Quoted(argument)));
    }
  }
  Options options;
  options.command = command.name;
  options.keys = command.keys;
  po::options_description visible = CommandOptions(command, &options);
  if (command.keys != 0) visible.add(KeyOptions(command.keys));
  po::options_description all = visible;
  all.add_options()("file",
                    po::value<std::vector<std::string>>(&options.files));
  po::positional_options_description positional;
  positional.add("file", -1);
  po::variables_map values;
  try {
    namespace style = po::command_line_style;
    po::store(po::command_line_parser(arguments)
                  .options(all)
                  .positional(positional)
                  .style(style::allow_long | style::long_allow_adjacent |
                         style::long_allow_next | style::allow_short |
                         style::allow_dash_for_short | style::short_allow_next)
                  .run(),
              values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    FailUnknown(command, error.get_option_name(), visible);
  } catch (const po::error& error) {
    FailOption(command, Quoted(error.what(), 200));
  }
  if (options.files.size() > command.most_files) {
    FailOption(command,
               fmt::format("'{}' is one argument too many",
                           QuotedPath(options.files[command.most_files])));
  }
  if (options.keep_going && options.fail_fast) {
    FailOption(command, "--keep-going and --fail-fast are opposites; give one");
  }
  if (values.count("memory") > 0) {
    const std::string text = values["memory"].as<std::string>();
    const auto bytes = ParseBytes(text);
    if (!bytes) {
      FailOption(command, fmt::format("--memory {} is no size, as 500M or 2G",
                                      Quoted(text)));
    }
    options.memory = *bytes;
  }
  if (command.stores) {
    options.shard = values.count("shard") > 0
                        ? ParseShard(command, values["shard"].as<std::string>())
                        : ShardOfJobArray();
  }
  for (const Key& key : Keys()) {
    const std::string name = FlagName(key.name);
    if (values.count(name) == 0) continue;
    for (const std::string& text :
         values[name].as<std::vector<std::string>>()) {
      options.settings.push_back({std::string(key.name), text, "--" + name});
    }
  }
  return options;
}

}  // namespace initscope
