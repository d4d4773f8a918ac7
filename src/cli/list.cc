// initscope list: what there is, with formula and source.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/number_text.h"
#include "base/quoted_text.h"
#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/say.h"
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

Json ActivationRows() {
  Json rows;
  for (const Activation& a : Activations()) {
    rows.push_back({{"name", a.name},
                    {"alias", AliasesOf("activation", a.name)},
                    {"formula", a.formula},
                    {"source", a.source}});
  }
  return rows;
}

Json InitRows() {
  Json rows;
  for (const Initializer& i : Initializers()) {
    rows.push_back({{"name", i.name},
                    {"alias", AliasesOf("init", i.name)},
                    {"U", kUnitLawTexts[static_cast<size_t>(i.law)]},
                    {"s", i.formula},
                    {"biases", i.biases == BiasInit::kTorchDefault
                                   ? "U(±1/√fan_in), unless bias_init or "
                                     "bias_std says otherwise"
                                   : "none"},
                    {"torch.nn.init", i.torch},
                    {"Keras", i.keras},
                    {"jax.nn.initializers", i.jax},
                    {"source", i.source}});
  }
  return rows;
}

Json LossRows() {
  Json rows;
  for (const Loss& l : Losses()) {
    rows.push_back({{"name", l.name},
                    {"alias", AliasesOf("loss", l.name)},
                    {"formula", l.formula},
                    {"delta_L", l.delta},
                    {"source", l.source}});
  }
  return rows;
}

Json InputRows() {
  Json rows;
  for (const NamedInput& input : kNamedInputs) {
    rows.push_back({{"name", input.name},
                    {"what", input.summary},
                    {"source", input.source}});
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

std::string RangeText(const Key& key) {
  if (key.range.most == 0) return "";
  const bool whole = key.type == KeyType::kWhole;
  const auto text = [&](long double end) {
    return whole ? NumberText(static_cast<uint64_t>(end))
                 : NumberText(static_cast<double>(end));
  };
  return text(key.range.least) + " to " + text(key.range.most);
}

Json KeyRows() {
  Json rows;
  for (const Key& key : Keys()) {
    rows.push_back({{"name", key.name},
                    {"what", key.help},
                    {"default", key.default_text},
                    {"value", kKeyTypeNames[size_t(key.type)]},
                    {"range", RangeText(key)},
                    {"list", key.sweepable ? "yes" : "no"},
                    {"example", key.example},
                    {"commands", CommandNames(key.commands)}});
  }
  return rows;
}

struct Topic {
  std::string_view name;
  const char* title;
  Json (*rows)();
};

constexpr Topic kTopics[] = {
    {"keys", "Keys: 'key = value' in a file, --key value on the command line",
     KeyRows},
    {"activations", "Activations (key 'activation')", ActivationRows},
    {"inits", "Initializers (key 'init'): W = gain · s · U", InitRows},
    {"losses", "Losses (key 'loss')", LossRows},
    {"inputs", "Inputs (key 'input')", InputRows},
    {"statistics", "Statistics, per run and layer (columns of /layers)",
     StatisticRows},
};

// Prints each row's name on a line of its own, then its fields that are not
// empty.
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
  std::vector<std::string_view> names;
  for (const Topic& topic : kTopics) {
    names.push_back(topic.name);
    if (options.files.empty() || options.files[0] == topic.name) {
      topics.push_back(topic);
    }
  }
  if (topics.empty()) {
    const std::string& name = options.files[0];
    FailUsage(
        "list: there is no '{}'{}", Quoted(name),
        DidYouMean(name, names,
                   fmt::format("; there are {}", fmt::join(names, ", "))));
  }
  if (options.json) {
    Json json;
    for (const Topic& topic : topics)
      json[std::string(topic.name)] = topic.rows();
    fmt::print("{}", JsonText(json));
    return 0;
  }
  for (const Topic& topic : topics) PrintTopic(topic);
  return 0;
}

}  // namespace initscope
