#include "theory/theory_row.h"

#include <cmath>
#include <numbers>

namespace initscope {
namespace {

struct EstimateName {
  const char* name;
  const char* text;
  Estimate TheoryRow::*estimate;
};

constexpr EstimateName kEstimates[] = {
    {"pre_activation_second_moment", "second moment of Z_l",
     &TheoryRow::pre_activation_second_moment},
    {"pre_activation_variance", "variance of Z_l",
     &TheoryRow::pre_activation_variance},
    {"activation_second_moment", "second moment of X_l",
     &TheoryRow::activation_second_moment},
    {"activation_variance", "variance of X_l", &TheoryRow::activation_variance},
    {"slope_second_moment", "second moment of f'(Z_l)",
     &TheoryRow::slope_second_moment},
    {"delta_second_moment", "second moment of delta_l",
     &TheoryRow::delta_second_moment},
    {"delta_variance", "variance of delta_l", &TheoryRow::delta_variance},
    {"weight_gradient_second_moment", "second moment of dW_(l-1)",
     &TheoryRow::weight_gradient_second_moment},
    {"weight_gradient_variance", "variance of dW_(l-1)",
     &TheoryRow::weight_gradient_variance},
};

struct EstimateColumn {
  const char* prefix;
  const char* suffix;
  const char* text;
  double (*get)(const Estimate& estimate);
};

constexpr EstimateColumn kOfEstimate[] = {
    {"theory_", "", "infinite-width prediction of the ",
     [](const Estimate& e) { return std::exp(e.log_limit); }},
    {"theory_", "_std",
     "leading-order standard deviation, over draws of the weights, of the ",
     [](const Estimate& e) {
       return std::exp(e.log_limit) * std::sqrt(std::expm1(e.log_variance));
     }},
    {"theory_log10_", "",
     "leading-order expectation, over draws of the weights (where it is not "
     "known, the infinite-width prediction), of the log10 of the ",
     [](const Estimate& e) {
       return (std::isnan(e.log_mean) ? e.log_limit : e.log_mean) /
              std::numbers::ln10;
     }},
    {"theory_log10_", "_std",
     "leading-order standard deviation, over draws of the weights, of the "
     "log10 of the ",
     [](const Estimate& e) {
       return std::sqrt(e.log_variance) / std::numbers::ln10;
     }},
};

std::vector<TheoryColumn> MakeColumns() {
  std::vector<TheoryColumn> columns;
  for (const EstimateName& quantity : kEstimates) {
    for (const EstimateColumn& column : kOfEstimate) {
      columns.push_back(
          {std::string(column.prefix) + quantity.name + column.suffix,
           std::string(column.text) + quantity.text,
           [estimate = quantity.estimate, get = column.get](
               const TheoryRow& row) { return get(row.*estimate); }});
    }
  }
  columns.insert(
      columns.end(),
      {{"theory_activation_mean",
        "infinite-width prediction of the mean of X_l",
        &TheoryRow::activation_mean},
       {"theory_activation_mean_std",
        "leading-order standard deviation, over draws of the weights, of the "
        "mean of X_l",
        &TheoryRow::activation_mean_std},
       {"theory_slope_mean", "infinite-width prediction of the mean of f'(Z_l)",
        &TheoryRow::slope_mean},
       {"theory_pre_activation_cosine",
        "infinite-width prediction of the mean cosine of Z_l between samples",
        [](const TheoryRow& row) {
          return 1 - std::exp(row.log_one_minus_cosine);
        }},
       {"theory_log10_one_minus_cosine",
        "infinite-width prediction of log10(1 - mean cosine of Z_l between "
        "samples)",
        [](const TheoryRow& row) {
          return row.log_one_minus_cosine / std::numbers::ln10;
        }}});
  return columns;
}

}  // namespace

std::span<const TheoryColumn> TheoryColumns() {
  static const std::vector<TheoryColumn> columns = MakeColumns();
  return columns;
}

}  // namespace initscope
