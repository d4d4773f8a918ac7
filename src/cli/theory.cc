// initscope theory: what mean-field theory says of a sweep, without running it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>

#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/input_text.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "cli/units.h"
#include "sweep/asymptotics.h"
#include "sweep/theory_sweep.h"

namespace initscope {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostNetworks = 20;
constexpr size_t kMostRows = 40;

std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kOrdered:
      return "ordered";
    case Phase::kCritical:
      return "critical";
    case Phase::kChaotic:
      return "chaotic";
  }
  return "";
}

Json FixedPointJson(const Attractor& at) {
  return {{"q", at.q},
          {"chi_1", at.chi_1},
          {"chi_q", at.chi_q},
          {"xi_q", at.QDepth()},
          {"phase", PhaseName(at.phase)},
          {"stability", StabilityName(at.stability)}};
}

Json AsymptoticsJson(const Asymptotics& found) {
  Json json = {{"weight_variance", found.variances.weight},
               {"bias_variance", found.variances.bias},
               {"text", found.points.Text()}};
  json["fixed_points"] = Json::array();
  for (size_t i = 0; i < found.points.attractors.size(); ++i) {
    Json point = FixedPointJson(found.points.attractors[i]);
    if (found.correlations[i]) {
      point["c"] = found.correlations[i]->c;
      point["chi_c"] = found.correlations[i]->chi_c;
      point["xi_c"] = found.correlations[i]->Depth();
    }
    json["fixed_points"].push_back(point);
  }
  for (const Attractor& at : found.points.repellers) {
    json["fixed_points"].push_back(FixedPointJson(at));
  }
  json["critical_weight_variance"] = Json::array();
  json["critical_points"] = Json::array();
  for (const CriticalPoint& point : found.critical) {
    if (point.IsCritical()) {
      json["critical_weight_variance"].push_back(point.weight_variance);
    }
    json["critical_points"].push_back(
        {{"weight_variance", point.weight_variance},
         {"q", std::exp(point.log_q)},
         {"stability", StabilityName(point.stability)}});
  }
  return json;
}

void PrintAsymptotics(const RunSpec& run, const Asymptotics& found) {
  fmt::print("  σ_w² = {:.6g}, σ_b² = {:.6g}: {}\n", found.variances.weight,
             found.variances.bias, found.points.Text());
  for (size_t i = 0; i < found.correlations.size(); ++i) {
    const Attractor& at = found.points.attractors[i];
    if (!found.correlations[i]) continue;
    fmt::print("  depth scales: ξ_q = {:.4g}, c* = {:.6g}, ξ_c = {:.4g}\n",
               at.QDepth(), found.correlations[i]->c,
               found.correlations[i]->Depth());
  }
  for (const Attractor& at : found.points.repellers) {
    fmt::print("  {} fixed point: q = {:.6g}, χ_1 = {:.6g}, χ_q = {:.6g}\n",
               StabilityName(at.stability), at.q, at.chi_1, at.chi_q);
  }
  if (std::ranges::none_of(found.critical, &CriticalPoint::IsCritical)) {
    fmt::print("  no gain is critical with these biases\n");
  }
  for (const CriticalPoint& point : found.critical) {
    fmt::print("  {}: gain {:.6g}\n", point.Text(), GainOf(run, found, point));
  }
}

// The rows of a network that are shown: all of a shallow one; the first, then
// ever fewer, and the last of a deep one.
std::vector<size_t> ShownRows(size_t depth) {
  std::vector<size_t> rows;
  for (size_t l = 0; l <= depth; ++l) {
    if (depth < kMostRows || l <= 10 || l == depth ||
        (l <= 100 && l % 10 == 0) || l % 100 == 0) {
      rows.push_back(l);
    }
  }
  return rows;
}

class RowValues {
 public:
  RowValues(const std::vector<double>& values, size_t row)
      : values_(values.data() + row * TheoryColumns().size()) {}

  double operator[](std::string_view name) const {
    for (size_t k = 0; k < TheoryColumns().size(); ++k) {
      if (TheoryColumns()[k].name == name) return values_[k];
    }
    return kNoTheory;
  }

  // The mean over draws of the weights: that of infinite width, or, if no
  // double holds it, that of a lognormal law.
  std::string MeanText(const std::string& statistic) const {
    const double mean = (*this)["theory_" + statistic];
    const std::string name = "theory_log10_" + statistic;
    const double log10 = (*this)[name], spread = (*this)[name + "_std"];
    if ((mean > 0 && std::isfinite(mean)) || !(std::abs(log10) < HUGE_VAL)) {
      return PowerText(std::log10(mean));
    }
    return PowerText(std::isnan(spread)
                         ? log10
                         : log10 + std::numbers::ln10 / 2 * spread * spread);
  }
  std::string MedianText(const std::string& statistic) const {
    const std::string name = "theory_log10_" + statistic;
    return std::isnan((*this)[name + "_std"]) ? "-" : PowerText((*this)[name]);
  }
  // One standard deviation of the logarithm, as a factor.
  std::string SpreadText(const std::string& statistic) const {
    const double spread = (*this)["theory_log10_" + statistic + "_std"];
    return spread > 0 ? fmt::format("{:.3g}", std::pow(10, spread)) : "-";
  }

 private:
  const double* values_;
};

// A number, with rounding errors about zero shown as 0.
std::string Plain(double value, int digits = 4) {
  if (std::isnan(value)) return "-";
  return fmt::format("{:.{}g}", std::abs(value) < 1e-12 ? 0.0 : value, digits);
}

void PrintRows(const RunSpec& run, const std::vector<double>& values) {
  constexpr std::string_view kLine =
      "  {:>5} {:>10} {:>10} {:>5} {:>10} {:>9} {:>7} {:>8} {:>10} {:>10} "
      "{:>5}\n";
  fmt::print(fmt::runtime(kLine), "layer", "E Z²", "median", "×÷", "Var X",
             "E X", "χ_1", "cosine", "E delta²", "median", "×÷");
  for (size_t l : ShownRows(run.depth())) {
    const RowValues row(values, l);
    const double scale = l < run.depth() ? run.Scale(l) : 0;
    const double chi =
        row["theory_slope_second_moment"] * scale * scale *
        static_cast<double>(run.width(std::min(l + 1, run.depth())));
    const std::string forward = "pre_activation_second_moment";
    const std::string backward = "delta_second_moment";
    fmt::print(
        fmt::runtime(kLine), l, row.MeanText(forward), row.MedianText(forward),
        row.SpreadText(forward), row.MeanText("activation_variance"),
        Plain(row["theory_activation_mean"]),
        run.init->data_dependent ? "-" : Plain(chi),
        Plain(row["theory_pre_activation_cosine"], 3), row.MeanText(backward),
        row.MedianText(backward), row.SpreadText(backward));
  }
}

// One object per network: its keys, its fixed points if its hidden layers are
// square, and an array per column.
Json TheoryJson(const Prediction& prediction, const TheoryTables& tables) {
  const auto columns = TheoryColumns();
  Json networks = Json::array();
  for (size_t i = 0; i < prediction.runs.size(); ++i) {
    const RunSpec& run = prediction.runs[i];
    Json network = {{"activation", run.activation->name},
                    {"init", run.init->name},
                    {"gain", run.gain},
                    {"bias_init", kBiasInitNames[size_t(run.bias_init)]},
                    {"bias_std", run.bias_std},
                    {"shape", run.Shape()},
                    {"loss", run.loss->name},
                    {"batch", run.batch}};
    if (const auto found = FindAsymptotics(run, tables)) {
      network["asymptotics"] = AsymptoticsJson(*found);
    }
    Json& layers = network["layers"];
    const std::vector<double>& values = prediction.results[i].theory;
    for (size_t k = 0; k < columns.size(); ++k) {
      Json& column = layers[columns[k].name] = Json::array();
      for (size_t at = k; at < values.size(); at += columns.size()) {
        column.push_back(values[at]);
      }
    }
    networks.push_back(std::move(network));
  }
  return {{"networks", std::move(networks)}};
}

// Prints the fixed points and a table of rows of each network: the first
// networks of many, and some rows of deep ones.
void PrintTheory(const Prediction& prediction, const TheoryTables& tables) {
  const size_t shown = std::min(kMostNetworks, prediction.runs.size());
  for (size_t i = 0; i < shown; ++i) {
    const RunSpec& run = prediction.runs[i];
    fmt::print("{}, {}, gain {:.6g}, {}, {}\n", run.activation->name,
               run.init->name, run.gain, run.Shape(), run.loss->name);
    if (const auto found = FindAsymptotics(run, tables)) {
      PrintAsymptotics(run, *found);
    }
    PrintRows(run, prediction.results[i].theory);
    fmt::print("\n");
  }
  if (shown < prediction.runs.size()) {
    fmt::print("… and {} networks more (--json or --output FILE.h5 has all)\n",
               prediction.runs.size() - shown);
  }
  fmt::print(
      "E is the mean over draws of the weights at infinite width, the median "
      "is 10^(E log10), and ×÷ one\nstandard deviation. delta is relative to "
      "row L; 'run' begins it with what it measures.\n");
}

}  // namespace

int TheoryCommand(const Options& options) {
  const Experiment experiment = LoadExperiment(options);
  // `output` in the file is for `run`; only a flag applies here.
  std::optional<OutputFile> output;
  if (experiment.output_where.starts_with("--")) {
    output.emplace(experiment.output, options.force, experiment.files_read);
  }
  const TheoryTables tables;
  const Prediction prediction =
      PredictSweep(experiment.runs.All(), tables, experiment.jobs);
  if (prediction.runs.empty()) {
    FailUsage(
        "{}: there is no theory for init = constant, whose weights are not "
        "random; choose another init",
        experiment.title);
  }
  PrintInputs(experiment, options);
  Json json;
  if (options.json) json = TheoryJson(prediction, tables);
  if (output) {
    Publish(&*output, [&](Hdf5Writer* writer) {
      WriteResults(experiment.Describe(), prediction.runs, prediction.results,
                   experiment.sweep->swept, experiment.inputs, writer);
    });
    Tell(options, *output, json,
         fmt::format("{} networks", prediction.runs.size()));
  } else if (options.json) {
    fmt::print("{}", JsonText(json));
  } else {
    PrintTheory(prediction, tables);
  }
  return 0;
}

}  // namespace initscope
