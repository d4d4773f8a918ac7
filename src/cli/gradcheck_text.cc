#include "cli/gradcheck_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "spec/run_id.h"

namespace initscope {
namespace {

constexpr size_t kOutputsShown = 10;

std::string Checked(const TensorCheck& t) {
  const size_t all = t.rows * t.cols;
  return t.checked == all ? fmt::format("{}", all)
                          : fmt::format("{} of {}", t.checked, all);
}

// A relative error; "-" if there is no gradient to relate it to.
std::string RelativeText(const TensorCheck& t, double error) {
  return t.checked == 0 || t.scale == 0 || !t.resolved()
             ? "-"
             : fmt::format("{:.1e}", t.Relative(error));
}

// The tensor with the largest error relative to its gradient, a failed one
// before any other; nullptr if none was compared.
const TensorCheck* Worst(const GradientReport& report) {
  const TensorCheck* worst = nullptr;
  for (const TensorCheck& t : report.tensors) {
    if (t.checked == 0 || !t.resolved()) continue;
    const auto error = [](const TensorCheck& c) {
      return c.Relative(c.Error());
    };
    const bool is_worse = worst == nullptr || t.ok() < worst->ok() ||
                          (t.ok() == worst->ok() && error(t) > error(*worst));
    if (is_worse) worst = &t;
  }
  return worst;
}

}  // namespace

std::string RunText(const RunSpec& run) {
  const std::string shape =
      run.depth() > 8 ? fmt::format("{}x…x{} (depth {})", run.inputs(),
                                    run.outputs(), run.depth())
                      : run.Shape();
  return fmt::format("run {} ({}; {}; {})", RunIdHex(run.run_id), run.Title(),
                     shape, run.loss->name);
}

std::string Verdict(const TensorCheck& t) {
  std::string text = "ok";
  if (!t.ok()) {
    text = fmt::format("FAILED: {} of {} entries", t.failed, t.checked);
  } else if (t.checked == 0) {
    text = "not differentiable";
  } else if (t.scale == 0 && t.is_constant) {
    text = "ok: all 0";
  } else if (!t.resolved()) {
    text = fmt::format("too small: below {:.1e}", t.loosest_bound);
  }
  if (t.at_kink > 0) text += fmt::format("; {} at a kink", t.at_kink);
  return text;
}

std::string GradientTable(const GradientReport& report) {
  std::string text = fmt::format(
      "loss {:.12g}; the plain forward pass differs by {:.1e}, bound "
      "{:.1e}: {}\n\n{:<10} {:>13} {:>14} {:>10} {:>10} {:>12} {:>9} {:>9}  "
      "{}\n",
      report.loss, std::abs(report.loss - report.plain_loss), report.loss_bound,
      report.loss_ok() ? "ok" : "FAILED", "gradient", "shape", "checked",
      "largest", "rel. error", "at", "bound", "loosest", "");
  for (const TensorCheck& t : report.tensors) {
    text += fmt::format(
        "{:<10} {:>13} {:>14} {:>10.3g} {:>10} {:>12} {:>9} {:>9}  {}\n",
        t.name, fmt::format("{} × {}", t.rows, t.cols), Checked(t), t.scale,
        RelativeText(t, t.Error()), fmt::format("({}, {})", t.row, t.col),
        RelativeText(t, t.bound), RelativeText(t, t.loosest_bound), Verdict(t));
  }
  text +=
      "\nErrors and bounds are relative to the largest entry of the gradient: "
      "the largest\nerror, where it is, its bound, and the loosest bound of "
      "all entries checked.\n";
  for (const TensorCheck& t : report.tensors) {
    if (t.ok()) continue;
    text += fmt::format(
        "{} ({}, {}): analytic {:.12g}, central difference {:.12g} ± {:.1e} "
        "(step {:.1e})\n",
        t.name, t.row, t.col, t.analytic, t.numeric, t.bound, t.step);
  }
  return text;
}

std::string RunLine(const RunSpec& run, const GradientReport& report) {
  size_t kinks = 0, unresolved = 0;
  for (const TensorCheck& t : report.tensors) {
    kinks += t.at_kink;
    unresolved += t.ok() && t.checked > 0 && !t.resolved();
  }
  const TensorCheck* worst = Worst(report);
  std::string text =
      fmt::format("{:<6} {}: ", report.ok() ? "ok" : "FAILED", RunText(run));
  text += worst == nullptr ? "nothing to compare"
                           : fmt::format("{:.1e} at {} ({}, {}), bound {:.1e}",
                                         worst->Relative(worst->Error()),
                                         worst->name, worst->row, worst->col,
                                         worst->Relative(worst->bound));
  if (unresolved > 0) text += fmt::format("; {} too small", unresolved);
  if (kinks > 0) text += fmt::format("; {} at a kink", kinks);
  return text + "\n";
}

std::string FailureText(const RunSpec& run, const GradientReport& report) {
  const std::vector<std::string> failed = report.Failed();
  std::string text =
      fmt::format("{}: {} {} not the derivative of the loss", RunText(run),
                  fmt::join(failed, ", "), failed.size() == 1 ? "is" : "are");
  if (!report.loss_ok()) {
    text = fmt::format("{}: the loss is {:.12g}, of the plain pass {:.12g}",
                       RunText(run), report.loss, report.plain_loss);
  } else if (failed.size() > 1) {
    text += fmt::format("; look at {} first", failed[0]);
  }
  return text;
}

std::string LogitsText(const RunSpec& run,
                       const std::vector<SampleDerivatives>& samples) {
  const size_t outputs = run.outputs();
  const char* y = run.loss->uses_labels ? "y" : "R";
  std::string text = fmt::format(
      "{}: {}\nIts loss on one sample alone is ℓ (m = 1, c = {}), so ∂ℓ/∂β = "
      "m·delta_L, delta_L = {}.\n",
      run.loss->name, run.loss->formula, outputs, run.loss->delta);
  for (size_t s = 0; s < std::min(kSamplesShown, samples.size()); ++s) {
    text += fmt::format(
        "\nsample {}: ℓ = {:.8g}\n{:>4} {:>14} {:>14} {:>14} {:>14} {:>14} "
        "{:>16} {:>9}\n",
        s, samples[s].loss, "j", "β", "ŷ", y, fmt::format("ŷ − {}", y),
        "m·delta_L", "∂ℓ/∂β numeric", "±");
    for (size_t j = 0; j < std::min(kOutputsShown, outputs); ++j) {
      const LogitDerivative& d = samples[s].outputs[j];
      text += fmt::format(
          "{:>4} {:>14.8g} {:>14.8g} {:>14.8g} {:>14.8g} {:>14.8g} {:>16.8g} "
          "{:>9.0e}\n",
          j, d.logit, d.prediction, d.target, d.prediction - d.target,
          d.analytic, d.numeric, d.bound);
    }
    if (outputs > kOutputsShown) text += "   …\n";
  }
  if (run.batch > kSamplesShown) text += "\n…\n";
  return text + "\n";
}

}  // namespace initscope
