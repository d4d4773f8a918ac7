#include "attention/attention_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "stats/median.h"
#include "stats/moments.h"

namespace initscope {
namespace {

using S = AttentionStatistics;

// clang-format off
constexpr AttentionStatisticColumn kColumns[] = {
    {"query_variance", "Var(Q)", "variance of the queries",
     &S::query_variance},
    {"key_variance", "Var(K)", "variance of the keys", &S::key_variance},
    {"score_variance", "Var(S)", "variance of the scores S = Q Kᵀ",
     &S::score_variance},
    {"logit_variance", "Var(ln b · S/s)",
     "variance of what the softmax takes the exponential of",
     &S::logit_variance},
    {"entropy_mean", "mean_i Σ_j −P_ij ln P_ij",
     "entropy of a row of P in nats, mean over tokens", &S::entropy_mean},
    {"largest_probability_mean", "mean_i max_j P_ij",
     "largest probability of a row of P, mean over tokens",
     &S::largest_probability_mean},
    {"saturated_row_fraction", "mean_i [max_j P_ij > 0.99]",
     "share of tokens with a probability above 0.99",
     &S::saturated_row_fraction},
    {"jacobian_norm_mean", "mean_i ‖diag(P_i) − P_i P_iᵀ‖_F",
     "Frobenius norm of a row's softmax Jacobian, mean over tokens",
     &S::jacobian_norm_mean},
    {"jacobian_norm_median", "median_i ‖diag(P_i) − P_i P_iᵀ‖_F",
     "Frobenius norm of a row's softmax Jacobian, median over tokens",
     &S::jacobian_norm_median},
    {"score_gradient_second_moment", "mean(dS²)",
     "second moment of the gradient in S", &S::score_gradient_second_moment},
    {"query_gradient_second_moment", "mean(dQ²)",
     "second moment of the gradient in Q", &S::query_gradient_second_moment},
    {"query_gradient_row_median", "median_i mean_c dQ_ic²",
     "second moment of the gradient in a query, median over tokens",
     &S::query_gradient_row_median},
    {"key_gradient_second_moment", "mean(dK²)",
     "second moment of the gradient in K", &S::key_gradient_second_moment},
    {"value_gradient_second_moment", "mean(dV²)",
     "second moment of the gradient in V", &S::value_gradient_second_moment},
    {"input_gradient_second_moment", "mean(dX²)",
     "second moment of the gradient in X", &S::input_gradient_second_moment},
    {"input_gradient_through_scores_second_moment",
     "mean((dQ W_qᵀ + dK W_kᵀ)²)",
     "second moment of the gradient in X by way of S alone",
     &S::input_gradient_through_scores_second_moment},
};
// clang-format on

Moments EntryMoments(const Matrix<double>& a) {
  Moments moments;
  for (size_t i = 0; i < a.rows(); ++i) {
    moments.Add(ComputeRowMoments(a.row(i), a.cols()), 0);
  }
  return moments;
}

double Variance(const Matrix<double>& a) {
  return EntryMoments(a).Variance().ToDouble();
}

double SecondMoment(const Matrix<double>& a) {
  return EntryMoments(a).SecondMoment().ToDouble();
}

double RowSecondMoment(const double* x, size_t n) {
  return std::inner_product(x, x + n, x, 0.0) / static_cast<double>(n);
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) /
         static_cast<double>(values.size());
}

}  // namespace

std::span<const AttentionStatisticColumn> AttentionStatisticColumns() {
  return kColumns;
}

double RowEntropy(const double* p, size_t n) {
  const auto top = static_cast<size_t>(std::max_element(p, p + n) - p);
  double rest = 0, entropy = 0;
  for (size_t j = 0; j < n; ++j) {
    if (j == top || p[j] == 0) continue;
    rest += p[j];
    entropy -= p[j] * std::log(p[j]);
  }
  // The logarithm of a top near 1 keeps its digits only in the rest.
  return entropy - p[top] * (rest < 0.5 ? std::log1p(-rest) : std::log(p[top]));
}

double SoftmaxJacobianNorm(const double* p, size_t n) {
  std::vector<double> after(n + 1, 0);  // sums of the entries from j on
  for (size_t j = n; j-- > 0;) after[j] = after[j + 1] + p[j];
  double before = 0, squares_before = 0, diagonal = 0, others = 0;
  for (size_t j = 0; j < n; ++j) {
    const double square = p[j] * p[j];
    const double rest = before + after[j + 1];  // 1 − p_j
    diagonal += square * rest * rest;
    others += 2 * square * squares_before;
    before += p[j];
    squares_before += square;
  }
  return std::sqrt(diagonal + others);
}

AttentionStatistics MeasureAttention(const AttentionTensors& t,
                                     const AttentionGradients& d,
                                     const AttentionSoftmax& softmax) {
  const size_t tokens = t.p.rows();
  std::vector<double> entropy, largest, saturated, jacobian, query_gradient;
  for (size_t i = 0; i < tokens; ++i) {
    const double* p = t.p.row(i);
    entropy.push_back(RowEntropy(p, tokens));
    largest.push_back(*std::max_element(p, p + tokens));
    saturated.push_back(largest.back() > 0.99 ? 1 : 0);
    jacobian.push_back(SoftmaxJacobianNorm(p, tokens));
    query_gradient.push_back(RowSecondMoment(d.q.row(i), d.q.cols()));
  }
  AttentionStatistics out;
  out.query_variance = Variance(t.q);
  out.key_variance = Variance(t.k);
  out.score_variance = Variance(t.s);
  const double slope = std::log(softmax.base) / softmax.divisor;
  out.logit_variance = out.score_variance * slope * slope;
  out.entropy_mean = Mean(entropy);
  out.largest_probability_mean = Mean(largest);
  out.saturated_row_fraction = Mean(saturated);
  out.jacobian_norm_mean = Mean(jacobian);
  out.jacobian_norm_median = Median(jacobian);
  out.score_gradient_second_moment = SecondMoment(d.s);
  out.query_gradient_second_moment = SecondMoment(d.q);
  out.query_gradient_row_median = Median(query_gradient);
  out.key_gradient_second_moment = SecondMoment(d.k);
  out.value_gradient_second_moment = SecondMoment(d.v);
  out.input_gradient_second_moment = SecondMoment(d.x);
  out.input_gradient_through_scores_second_moment = SecondMoment(d.x_through_s);
  return out;
}

}  // namespace initscope
