// initscope list: what there is, with formula and source.

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/quoted_text.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "engine/statistics.h"
#include "io/input_reader.h"
#include "nn/activations.h"
#include "nn/initializers.h"
#include "nn/losses.h"
#include "spec/keys.h"
#include "spec/name_aliases.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

std::string Text(std::string_view text) { return std::string(text); }

Json ActivationRows() {
  Json rows;
  for (const Activation& a : Activations()) {
    rows.push_back({{"name", Text(a.name)},
                    {"alias", AliasesOf("activation", a.name)},
                    {"formula", Text(a.formula)},
                    {"source", Text(a.source)}});
  }
  return rows;
}

Json InitRows() {
  Json rows;
  for (const Initializer& i : Initializers()) {
    rows.push_back({{"name", Text(i.name)},
                    {"alias", AliasesOf("init", i.name)},
                    {"U", Text(kUnitLawTexts[static_cast<size_t>(i.law)])},
                    {"s", Text(i.formula)},
                    {"biases", i.biases == BiasInit::kTorchDefault
                                   ? "U(±1/√fan_in), unless bias_init or "
                                     "bias_std says otherwise"
                                   : "none"},
                    {"torch.nn.init", Text(i.torch)},
                    {"Keras", Text(i.keras)},
                    {"jax.nn.initializers", Text(i.jax)},
                    {"source", Text(i.source)}});
  }
  return rows;
}

Json LossRows() {
  Json rows;
  for (const Loss& l : Losses()) {
    rows.push_back({{"name", Text(l.name)},
                    {"alias", AliasesOf("loss", l.name)},
                    {"formula", Text(l.formula)},
                    {"delta_L", Text(l.delta)},
                    {"source", Text(l.source)}});
  }
  return rows;
}

Json InputRows() {
  Json rows;
  for (const NamedInput& input : kNamedInputs) {
    rows.push_back({{"name", Text(input.name)},
                    {"what", Text(input.summary)},
                    {"source", Text(input.source)}});
  }
  rows.push_back({{"name", "FILE.csv"}, {"what", "comma-separated numbers"}});
  rows.push_back({{"name", "FILE.npy"}, {"what", "NumPy array"}});
  rows.push_back({{"name", "FILE.h5:/dataset"}, {"what", "HDF5 dataset"}});
  rows.push_back({{"name", "FILE-idx3-ubyte"},
                  {"what", "IDX, as MNIST; each also gzipped (.gz)"}});
  return rows;
}

Json StatisticRows() {
  Json rows;
  for (const StatisticColumn& c : StatisticColumns()) {
    rows.push_back(
        {{"name", c.name}, {"formula", c.formula}, {"what", c.long_name}});
  }
  return rows;
}

struct Topic {
  std::string_view name;
  const char* title;
  Json (*rows)();
};

constexpr Topic kTopics[] = {
    {"activations", "Activations (key 'activation')", ActivationRows},
    {"inits", "Initializers (key 'init'): W = gain · s · U", InitRows},
    {"losses", "Losses (key 'loss')", LossRows},
    {"inputs", "Inputs (key 'input')", InputRows},
    {"statistics", "Statistics, per run and layer (columns of /layers)",
     StatisticRows},
};

// The name on a line of its own, then each field that says something.
void PrintTopic(const Topic& topic) {
  fmt::print("{}\n\n", topic.title);
  for (const Json& row : topic.rows()) {
    bool first = true;
    for (const auto& [field, value] : row.items()) {
      const std::string text = value.get<std::string>();
      if (first) {
        fmt::print("  {}\n", text);
        first = false;
      } else if (!text.empty() && text != "-") {
        fmt::print("      {:<20} {}\n", field, text);
      }
    }
  }
  fmt::print("\n");
}

}  // namespace

int ListCommand(const Options& options) {
  std::vector<Topic> topics;
  for (const Topic& topic : kTopics) {
    if (options.files.empty() || options.files[0] == topic.name) {
      topics.push_back(topic);
    }
  }
  if (topics.empty()) {
    std::vector<std::string_view> names;
    for (const Topic& topic : kTopics) names.push_back(topic.name);
    std::string hint = DidYouMean(options.files[0], names);
    if (hint.empty()) {
      hint = fmt::format("; there are {}", fmt::join(names, ", "));
    }
    throw UserError(ExitCode::kUsage,
                    fmt::format("list: there is no '{}'{}",
                                Quoted(options.files[0]), hint));
  }
  if (options.json) {
    Json json;
    for (const Topic& topic : topics) json[Text(topic.name)] = topic.rows();
    fmt::print("{}", JsonText(json));
    return 0;
  }
  for (const Topic& topic : topics) PrintTopic(topic);
  return 0;
}

}  // namespace initscope
