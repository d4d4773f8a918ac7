#include "spec/keys.h"

#include <algorithm>
#include <vector>

namespace initscope {
namespace {

// clang-format off
constexpr Key kKeys[] = {
    {"name", kEveryCommand, KeyType::kText, false, "the file's name",
     "what the experiment is called; results go to results/NAME.h5"},
    {"activation", kNetworks, KeyType::kName, true, "tanh",
     "see 'list activations'"},
    {"init", kEveryCommand, KeyType::kName, true, "xavier_normal",
     "see 'list inits'"},
    {"gain", kEveryCommand, KeyType::kReal, true, "1",
     "factor on every weight"},
    {"bias_init", kNetworks, KeyType::kName, true,
     "normal; torch_default for init = torch_default without bias_std",
     "normal (with bias_std) or torch_default (U(±1/√fan_in))"},
    {"bias_std", kNetworks, KeyType::kReal, true, "0",
     "standard deviation of normal biases; 0 is exactly zero"},
    {"depth", kNetworks, KeyType::kWhole, true, "10",
     "weight layers L, of which L - 1 are hidden"},
    {"width", kNetworks, KeyType::kWhole, true, "256",
     "units of each hidden layer"},
    {"input_width", kNetworks, KeyType::kWhole, true, "the data's, else width",
     "features per sample"},
    {"output_width", kNetworks, KeyType::kWhole, true,
     "the classes, else width",
     "outputs"},
    {"shape", kNetworks, KeyType::kText, true, "-",
     "every width, as 784x300x100x10; instead of depth and widths"},
    {"batch", kNetworks, KeyType::kWhole, true, "256", "samples per batch"},
    {"batches", kNetworks, KeyType::kWhole, true, "1",
     "batches, each with its own loss; statistics pool their entries"},
    {"input", kNetworks, KeyType::kText, true, "gaussian",
     "gaussian, sphere, fashion-mnist-sample, fashion-mnist, or a file "
     "(.csv, .npy, .h5:/dataset, IDX; each also .gz)"},
    {"labels", kNetworks, KeyType::kText, false, "the data's own",
     "another such file, or column:NAME of the CSV"},
    {"classes", kNetworks, KeyType::kText, false, "all",
     "the labels to keep, as 0,1; they are renumbered in this order"},
    {"samples", kNetworks, KeyType::kWhole, true, "all",
     "of the data set, the first so many"},
    {"standardize", kNetworks, KeyType::kName, true,
     "global for data, else none",
     "none, features (each to mean 0, variance 1) or global (all as one)"},
    {"input_variance", kNetworks, KeyType::kReal, true, "1", "of drawn inputs"},
    {"input_correlation", kNetworks, KeyType::kReal, true, "0",
     "between two samples of gaussian inputs, 0 to 1"},
    {"loss", kNetworks, KeyType::kName, true,
     "softmax_cross_entropy, else probe",
     "see 'list losses'"},
    {"label_smoothing", kNetworks, KeyType::kReal, true, "0",
     "share of the uniform distribution in each target, 0 to 1"},
    {"steps", kTraining, KeyType::kWhole, true, "100 for train, else 0",
     "of stochastic gradient descent, one minibatch each"},
    {"learning_rate", kTraining, KeyType::kReal, true, "0.01",
     "of gradient descent"},
    {"momentum", kTraining, KeyType::kReal, true, "0",
     "of gradient descent, below 1"},
    {"weight_decay", kTraining, KeyType::kReal, true, "0",
     "times each weight and bias is added to its gradient"},
    {"record", kTraining, KeyType::kWhole, false, "log",
     "steps with statistics: log (0, 1, 2, 5, 10, …) or a list"},
    {"jacobian", kSimulation, KeyType::kName, false, "off",
     "on: singular values of J = ∂Z_L/∂X_0, widths up to 1024"},
    {"jacobian_samples", kSimulation, KeyType::kWhole, false, "1",
     "of the first batch, the first so many samples have their J"},
    {"seed", kEveryCommand, KeyType::kWhole, true, "0",
     "of the weights and biases"},
    {"data_seed", kNetworks, KeyType::kWhole, true, "0",
     "of the inputs, targets and probes"},
    {"precision", kNetworks, KeyType::kName, true, "float32",
     "float32 or float64"},
    {"engine", kNetworks, KeyType::kName, true, "packed",
     "what multiplies the matrices: packed"},
    {"output", kEveryCommand, KeyType::kText, false, "results/NAME.h5",
     "results file"},
    {"jobs", kEveryCommand, KeyType::kWhole, false, "all cores",
     "runs at the same time"},
    {"theory", kSimulation, KeyType::kName, false, "on",
     "on: theory_ columns beside what is measured; off: none"},

    {"x", kAttention, KeyType::kText, false, "drawn, N(0, 1)",
     "the tokens' rows, a file (.csv, .npy, .h5:/dataset), tokens × d_model"},
    {"w_q", kAttention, KeyType::kText, false, "drawn",
     "the queries' weights, such a file, d_model × d_k"},
    {"w_k", kAttention, KeyType::kText, false, "drawn",
     "the keys' weights, such a file, d_model × d_k"},
    {"w_v", kAttention, KeyType::kText, false, "drawn",
     "the values' weights, such a file, d_model × d_v"},
    {"d_k", kAttention, KeyType::kWhole, true, "64",
     "columns of drawn w_q, w_k and w_v"},
    {"tokens", kAttention, KeyType::kWhole, true, "64", "rows of a drawn x"},
    {"d_model", kAttention, KeyType::kWhole, true, "512",
     "columns of a drawn x"},
    {"scaled", kAttention, KeyType::kName, true, "on",
     "on: softmax(S/√d_k); off: softmax(S)"},
    {"sqrt_d_k", kAttention, KeyType::kReal, true, "√d_k",
     "what S is divided by"},
    {"softmax_base", kAttention, KeyType::kReal, true, "e",
     "b of the softmax b^s/Σ b^s, above 1"},
};
// clang-format on

struct CommandNaming {
  CommandSet commands;
  std::string_view names;
};
constexpr CommandNaming kCommandNamings[] = {{kSimulation, "run, theory"},
                                             {kTraining, "train"},
                                             {kNetworks, "plan, trace"},
                                             {kAttention, "attention"},
                                             {kEveryCommand, "gradcheck"}};

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const Key> Keys() { return kKeys; }

const Key* FindKey(std::string_view name) {
  for (const Key& key : kKeys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::string CommandNames(CommandSet commands) {
  std::string text;
  for (const CommandNaming& naming : kCommandNamings) {
    if ((commands & naming.commands) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(naming.names);
  }
  return text;
}

std::string DidYouMean(std::string_view name,
                       std::span<const std::string_view> names) {
  std::string_view best;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1;
  for (std::string_view candidate : names) {
    // It would take all of the candidate: not near, and slow to find out.
    if (name.size() >= 2 * candidate.size()) continue;
    const size_t distance = EditDistance(name, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      best = candidate;
    }
  }
  if (best.empty()) return "";
  return "; did you mean '" + std::string(best) + "'?";
}

}  // namespace initscope
