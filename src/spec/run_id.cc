#include "spec/run_id.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "base/number_text.h"
#include "base/sha256.h"

namespace initscope {

std::string CanonicalRun(const RunSpec& run) {
  std::set<std::string> lines;  // sorted
  const auto add = [&](std::string_view key, const std::string& value,
                       std::string_view default_value) {
    if (value != default_value) lines.insert(fmt::format("{}={}", key, value));
  };
  const auto name = [](auto value, const auto& names) {
    return std::string(names[static_cast<size_t>(value)]);
  };
  add("activation", std::string(run.activation->name), "tanh");
  add("init", std::string(run.init->name), "xavier_normal");
  add("gain", NumberText(run.gain), "1");
  // Left out where it is normal, whatever the scheme's own: the text says what
  // is computed, so torch_default without biases keeps the id that it had when
  // that was its default, and with them that of biases asked for by name.
  add("bias_init", name(run.bias_init, kBiasInitNames), "normal");
  add("bias_std", NumberText(run.bias_std), "0");
  add("shape", run.Shape(), "");
  add("batch", NumberText(run.batch), "256");
  add("batches", NumberText(run.batches), "1");
  if (run.samples) {
    // The digest is of bytes: those that are divided by 255 say so.
    const InputData& data = run.samples->data();
    add("input", "sha256:" + data.sha256 + (data.bytes.empty() ? "" : "/255"),
        "");
    const std::string& labels = run.samples->data().labels_sha256;
    if (!labels.empty()) add("labels", "sha256:" + labels, "");
    add("classes", run.classes, "");
    add("samples", NumberText(run.most_samples), "0");
    add("standardize", name(run.standardize, kStandardizeNames), "global");
  } else {
    add("input", run.input, "gaussian");
    add("input_variance", NumberText(run.input_variance), "1");
    add("input_correlation", NumberText(run.input_correlation), "0");
  }
  if (run.jacobian_samples > 0) {
    add("jacobian", "on", "off");
    add("jacobian_samples", NumberText(run.jacobian_samples), "1");
  }
  add("loss", std::string(run.loss->name), run.DefaultLoss());
  add("label_smoothing", NumberText(run.label_smoothing), "0");
  if (run.training.steps > 0) {
    const Training& training = run.training;
    add("steps", NumberText(training.steps), "");
    add("learning_rate", NumberText(training.rule.learning_rate), "0.01");
    add("momentum", NumberText(training.rule.momentum), "0");
    add("weight_decay", NumberText(training.rule.weight_decay), "0");
  }
  add("seed", NumberText(run.seed), "0");
  add("data_seed", NumberText(run.data_seed), "0");
  add("precision", name(run.precision, kPrecisionNames), "float32");
  add("engine", name(run.engine, kEngineNames), "packed");
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

uint64_t RunId(const RunSpec& run) {
  return std::stoull(Sha256Hex(CanonicalRun(run)).substr(0, 16), nullptr, 16);
}

std::string RunIdHex(uint64_t run_id) { return fmt::format("{:016x}", run_id); }

}  // namespace initscope
