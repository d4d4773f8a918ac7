#include "spec/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "base/number_text.h"
#include "base/quoted_text.h"
#include "spec/key_kinds.h"
#include "spec/run_id.h"
#include "spec/settings.h"

namespace initscope {
namespace {

// The numbers of `text` between separators; none if one is not a number in
// [least, most].
template <typename Number>
std::vector<Number> ParseNumbers(std::string_view text, char separator,
                                 Number least, Number most) {
  std::vector<Number> numbers;
  for (size_t begin = 0, end = 0; end < text.size(); begin = end + 1) {
    end = std::min(text.find(separator, begin), text.size());
    const auto number =
        ParseNumber<Number>(Trim(text.substr(begin, end - begin)));
    if (!number || *number < least || *number > most) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

std::vector<int32_t> ParseClasses(const Settings& settings) {
  if (!settings.Has("classes")) return {};
  const std::string text = settings.Text("classes", "");
  std::vector<int32_t> classes = ParseNumbers<int32_t>(text, ',', 0, INT32_MAX);
  if (classes.empty()) {
    settings.Fail("classes", "classes = {} is not a list of labels, as 0,1",
                  Quoted(text));
  }
  std::unordered_set<int32_t> seen;
  for (const int32_t label : classes) {
    if (!seen.insert(label).second) {
      settings.Fail("classes", "classes = {} names {} twice", Quoted(text),
                    label);
    }
  }
  return classes;
}

void ResolveDrawnInput(const Settings& settings, RunSpec* run) {
  for (const char* key : {"labels", "classes", "samples"}) {
    if (settings.Has(key)) {
      settings.Fail(
          key, "{} needs a data file: input = {} is drawn and has no labels",
          key, QuotedPath(run->input));
    }
  }
  run->standardize =
      settings.Name("standardize", Standardize::kNone, kStandardizeNames);
  if (run->standardize != Standardize::kNone) {
    settings.Fail("standardize",
                  "drawn inputs are not standardized; use input_variance");
  }
  if (run->input_kind == InputKind::kSphere && run->input_correlation != 0) {
    settings.Fail("input_correlation",
                  "input_correlation is for gaussian inputs only");
  }
}

// Refuses to use more samples than the data set has.
void CheckBatches(const Settings& settings, const RunSpec& run) {
  const size_t samples = run.samples->samples();
  if (run.batch * run.batches <= samples) return;
  const std::string_view key = settings.Has("batches") && run.batches > 1
                                   ? "batches"
                               : settings.Has("batch") ? "batch"
                                                       : "input";
  const bool batches = run.batches > samples;
  settings.Fail(key,
                "{} samples asked for (batch {} × batches {}), and {} {} is "
                "the most, as {} has {}",
                run.batch * run.batches, run.batch, run.batches,
                batches ? "--batches" : "--batch",
                batches ? samples : samples / run.batches,
                QuotedPath(run.input), samples);
}

void ResolveDataInput(const Settings& settings, InputCatalog* catalog,
                      RunSpec* run) {
  for (const char* key : {"input_variance", "input_correlation"}) {
    if (settings.Has(key)) {
      settings.Fail(
          key, "{} is for drawn inputs; input = {} is data (see standardize)",
          key, QuotedPath(run->input));
    }
  }
  try {
    run->input_index = catalog->Find(run->input, run->labels);
  } catch (const UserError& error) {
    // Puts the place in the experiment before the error in the data.
    const bool labels = dynamic_cast<const LabelsError*>(&error) != nullptr &&
                        settings.Has("labels");
    throw UserError(error.code(), "{}: {}",
                    settings.Where(labels ? "labels" : "input"), error.what());
  }
  run->standardize =
      settings.Name("standardize", Standardize::kGlobal, kStandardizeNames);
  const std::vector<int32_t> classes = ParseClasses(settings);
  const InputData& data = *catalog->inputs()[run->input_index];
  if (!classes.empty()) {
    if (data.labels.empty()) {
      settings.Fail(
          "classes",
          "classes needs labels, and {} has none; name them with labels",
          QuotedPath(run->input));
    }
    const auto& counts = catalog->LabelCounts(run->input_index);
    for (int32_t label : classes) {
      if (!counts.contains(label)) {
        settings.Fail("classes", "{} has no sample of class {}",
                      QuotedPath(run->input), label);
      }
    }
    run->classes = fmt::format("{}", fmt::join(classes, ","));
  }
  run->most_samples = settings.Whole("samples", 0);
  run->samples = catalog->Samples(run->input_index, classes, run->most_samples,
                                  run->standardize);
  if (run->most_samples > run->samples->samples()) {
    settings.Fail("samples", "{} samples asked for, but {} has {}",
                  run->most_samples, QuotedPath(run->input),
                  run->samples->samples());
  }
  CheckBatches(settings, *run);
  run->order = catalog->Order(run->samples, run->data_seed);
}

std::vector<size_t> ParseShape(const Settings& settings) {
  const std::string text = settings.Text("shape", "");
  const auto most = static_cast<size_t>(FindKey("width")->range.most);
  std::vector<size_t> widths = ParseNumbers<size_t>(text, 'x', 1, most);
  if (widths.empty()) {
    settings.Fail("shape",
                  "shape = {} is not widths of at least 1, as 784x300x10",
                  Quoted(text));
  }
  if (widths.size() < 2) {
    settings.Fail("shape",
                  "shape = {} needs an input and an output width, as 784x10",
                  Quoted(text));
  }
  return widths;
}

void ResolveLayers(const Settings& settings, RunSpec* run) {
  const size_t classes = run->LabelClasses();
  std::string_view first = "input_width", last = "output_width";
  std::vector<size_t> widths;
  if (settings.Has("shape")) {
    widths = ParseShape(settings);
    first = last = "shape";
  } else {
    const size_t depth = settings.Whole("depth");
    const size_t width = settings.Whole("width");
    const size_t in = settings.Whole(
        "input_width", run->samples ? run->samples->width() : width);
    const size_t out =
        settings.Whole("output_width", classes > 0 ? classes : width);
    widths.assign(depth + 1, width);
    widths.front() = in;
    widths.back() = out;
  }
  run->SetLayers(*run->activation, widths);
  if (run->samples && run->inputs() != run->samples->width()) {
    settings.Fail(first,
                  "the input width is {}, but {} has {} features per sample",
                  run->inputs(), QuotedPath(run->input), run->samples->width());
  }
  const size_t outputs = run->outputs();
  const size_t wanted = run->HasLabels() ? classes : 0;  // 0: any number
  const bool one_logit = run->loss->bernoulli && wanted == 2 && outputs == 1;
  if (wanted > 0 && outputs != wanted && !one_logit) {
    settings.Fail(last,
                  "the output width is {}, but {} has {} classes (loss = probe "
                  "takes any)",
                  outputs, QuotedPath(run->input), wanted);
  }
  if (run->loss->categorical && wanted == 1) {
    settings.Fail(
        settings.Has("classes") ? "classes" : "input",
        "{} has one class here, and softmax over one output is always 1; keep "
        "two classes, or set loss = sigmoid_cross_entropy",
        QuotedPath(run->input));
  }
  if (run->loss->categorical && outputs < 2) {
    settings.Fail(last,
                  "softmax over one output is always 1; use two, or loss = "
                  "sigmoid_cross_entropy");
  }
}

// 0, 1, 2, 5, 10, 20, 50 … and the last one.
std::vector<uint64_t> LogarithmicSteps(uint64_t last) {
  std::vector<uint64_t> steps = {0};
  for (uint64_t decade = 1; decade <= last; decade *= 10) {
    for (uint64_t step : {decade, 2 * decade, 5 * decade}) {
      if (step <= last) steps.push_back(step);
    }
  }
  if (steps.back() < last) steps.push_back(last);
  return steps;
}

std::vector<uint64_t> ParseRecord(const Settings& settings, uint64_t last) {
  const std::string text = settings.Text("record", "log");
  if (text == "log") return LogarithmicSteps(last);
  std::vector<uint64_t> steps;
  for (const std::string& item :
       ParseValueList(*FindKey("record"), text, settings.Where("record"))) {
    const auto step = ParseNumber<uint64_t>(item);
    if (!step) {
      settings.Fail("record",
                    "record = {} is not log or a list of steps, as 0,1,10",
                    Quoted(text));
    }
    if (*step > last) {
      settings.Fail("record",
                    "step {} of record = {} is beyond the last one, {} (steps)",
                    *step, Quoted(text), last);
    }
    steps.push_back(*step);
  }
  std::ranges::sort(steps);
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

void ResolveTraining(const Settings& settings, uint64_t default_steps,
                     RunSpec* run) {
  Training& training = run->training;
  training.steps =
      settings.Whole("steps", default_steps, default_steps > 0 ? 1 : 0);
  if (training.steps == 0) return;
  training.record = ParseRecord(settings, training.steps);
  if (run->batches != 1) {
    settings.Fail("batches",
                  "training takes one minibatch a step; remove batches");
  }
}

void ResolveJacobian(const Settings& settings, RunSpec* run) {
  // Every product and the SVD take cubic time, in double.
  constexpr size_t kMostWidth = 1024;
  const size_t samples = settings.Whole("jacobian_samples");
  if (settings.Name("jacobian", 0, kOffOn) == 0) return;
  if (run->training.steps > 0) {
    settings.Fail(
        "jacobian",
        "the Jacobian is that of the initialization; remove jacobian or steps");
  }
  if (samples > run->batch) {
    settings.Fail("jacobian_samples",
                  "jacobian_samples = {} is more than the batch has: {}",
                  samples, run->batch);
  }
  const size_t widest = run->widest();
  if (widest > kMostWidth) {
    settings.Fail(
        "jacobian",
        "jacobian = on takes widths up to {}, and the widest layer has {}",
        kMostWidth, widest);
  }
  run->jacobian_samples = samples;
}

}  // namespace

RunSpec ResolveRun(const SweepPoint& point, InputCatalog* catalog,
                   uint64_t default_steps) {
  const Settings settings(point);
  RunSpec run;
  TakeKeys(NetworkKeys(), settings, &run);
  run.bias_init = settings.Name(
      "bias_init",
      settings.Has("bias_std") ? BiasInit::kNormal : run.init->biases,
      kBiasInitNames);
  if (run.bias_init == BiasInit::kTorchDefault && run.bias_std != 0) {
    settings.Fail(
        "bias_std",
        "bias_init = torch_default has its own scale; remove bias_std");
  }
  if (run.batch * run.batches > (uint64_t{1} << 32)) {
    settings.Fail("batches", "batch × batches is beyond 2^32 samples");
  }
  run.input = settings.Text("input", run.input);
  run.labels = settings.Text("labels", "");
  run.input_kind = run.input == "gaussian" ? InputKind::kGaussian
                   : run.input == "sphere" ? InputKind::kSphere
                                           : InputKind::kData;
  if (run.input_kind == InputKind::kData) {
    ResolveDataInput(settings, catalog, &run);
  } else {
    ResolveDrawnInput(settings, &run);
  }
  const std::vector<std::string_view>& losses = RowNames(Losses());
  run.loss = &Losses()[settings.Name("loss", IndexOf(losses, run.DefaultLoss()),
                                     losses)];
  ResolveLayers(settings, &run);
  ResolveTraining(settings, default_steps, &run);
  ResolveJacobian(settings, &run);
  run.run_id = RunId(run);
  return run;
}

RunList::RunList(std::shared_ptr<const Sweep> sweep,
                 std::shared_ptr<InputCatalog> catalog, uint64_t default_steps,
                 const std::function<void(const RunSpec& run)>& on_run)
    : sweep_(std::move(sweep)),
      catalog_(std::move(catalog)),
      default_steps_(default_steps) {
  std::unordered_set<uint64_t> seen;
  for (size_t i = 0; i < sweep_->size(); ++i) {
    const RunSpec run =
        ResolveRun(sweep_->Point(i), catalog_.get(), default_steps_);
    if (!seen.insert(run.run_id).second) continue;
    if (on_run) on_run(run);
    run_ids_.push_back(run.run_id);
    points_.push_back(static_cast<uint32_t>(i));
  }
  if (duplicates() == 0) points_ = {};
}

RunSpec RunList::operator[](size_t run) const {
  return ResolveRun(sweep_->Point(points_.empty() ? run : points_[run]),
                    catalog_.get(), default_steps_);
}

std::vector<RunSpec> RunList::All() const {
  std::vector<RunSpec> runs;
  for (size_t i = 0; i < size(); ++i) runs.push_back((*this)[i]);
  return runs;
}

}  // namespace initscope
