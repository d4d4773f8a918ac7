#include "cli/verdict_help.h"

#include <fmt/format.h>

#include "report/verdict.h"

namespace initscope {
namespace {

std::string MeaningOf(Finding finding) {
  switch (finding) {
    case Finding::kDead:
      return fmt::format(
          "a layer's Z, or its delta below the output, is 0, exactly or but "
          "for rounding; or more than {:.0f} % of its units have slope 0 for "
          "every sample",
          100 * kDeadFraction);
    case Finding::kNotFinite:
      return "some Z or delta is NaN or infinite";
    case Finding::kIdenticalUnits:
      return "all units of a layer have the same Z, for every sample";
    case Finding::kVanishes:
      return fmt::format(
          "the second moment of Z from layer 2 to L - 1, or of delta back "
          "again, shrinks {} times or more",
          kTrendFactor);
    case Finding::kExplodes:
      return fmt::format("it grows {} times or more", kTrendFactor);
    case Finding::kCollapsedSamples:
      return fmt::format(
          "at the last hidden layer 1 - cosine of two samples is below 10^{}",
          kCollapsedDecades);
    case Finding::kSparseGradient:
      return fmt::format(
          "fewer than {:.0f} % of a layer's entries carry delta, and neither "
          "dead nor saturated says why",
          100 * kSparseFraction);
    case Finding::kSaturated:
      return fmt::format(
          "more than {:.0f} % of a layer's slopes are below 1 % of the largest",
          100 * kSaturatedFraction);
    case Finding::kDrifts:
      return fmt::format(
          "a quantity is farther from its theory than chance and the theory's "
          "own error explain: in one of {:.0f} groups if the theory is right",
          1 / kFalseAlarms);
    case Finding::kConsistent:
      return "no quantity is, at any layer";
    case Finding::kNoBand:
      return "there is theory, but not of how far a draw may be from it";
    case Finding::kNoTheory:
      return "there is no theory, or none was asked for";
  }
  return "";
}

}  // namespace

std::string VerdictHelp() {
  std::string text =
      "A verdict's words, for runs that differ in their seeds alone (layers "
      "are hidden\nlayers, amounts are means over the runs):\n";
  for (size_t i = 0; i < std::size(kFindingNames); ++i) {
    text += fmt::format("  {:<18} {}\n", kFindingNames[i],
                        MeaningOf(static_cast<Finding>(i)));
  }
  return text;
}

}  // namespace initscope
