#include "theory/batch_geometry.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "linalg/matrix_product.h"
#include "linalg/packed_batch.h"

namespace initscope {
namespace {

bool IsLess(ScaledDouble a, ScaledDouble b) {
  if (a.exponent == b.exponent) return a.value < b.value;
  return (a + ScaledDouble{-b.value, b.exponent}).value < 0;
}

// Puts what belongs to groups [first, last) at their places in `order`, whose
// element of rank r is in group r·groups/n. Nothing is sorted within a group.
template <class Less>
void Part(size_t first, size_t last, size_t groups, const Less& less,
          std::vector<uint32_t>* order) {
  if (last - first < 2) return;
  const auto begin_of = [&](size_t g) {
    return order->begin() +
           static_cast<ptrdiff_t>(Steps(g * order->size(), groups));
  };
  const size_t middle = (first + last) / 2;
  std::nth_element(begin_of(first), begin_of(middle), begin_of(last), less);
  Part(first, middle, groups, less, order);
  Part(middle, last, groups, less, order);
}

// Divides values by size into at most `most` groups of nearly equal count; of
// equal values the first are smaller. Returns each group's mean and count, and
// sets group_of[i] to that of value i.
std::vector<BatchGeometry::Group> Cut(std::span<const ScaledDouble> values,
                                      size_t most,
                                      std::vector<uint32_t>* group_of) {
  const size_t n = values.size(), groups = std::min(n, most);
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  const auto less = [&](uint32_t i, uint32_t k) {
    if (IsLess(values[i], values[k])) return true;
    return i < k && !IsLess(values[k], values[i]);
  };
  Part(0, groups, groups, less, &order);
  group_of->resize(n);
  for (size_t rank = 0; rank < n; ++rank) {
    (*group_of)[order[rank]] = static_cast<uint32_t>(rank * groups / n);
  }
  std::vector<BatchGeometry::Group> out(groups, {{}, 0});
  for (size_t i = 0; i < n; ++i) {
    BatchGeometry::Group& group = out[(*group_of)[i]];
    group.square = group.square + values[i];
    ++group.count;
  }
  for (BatchGeometry::Group& group : out) group.square.value /= group.count;
  return out;
}

}  // namespace

BatchGeometry::BatchGeometry(
    size_t batches, const std::function<ScaledMatrix<double>(size_t)>& x,
    const std::vector<size_t>& labels) {
  std::vector<ScaledDouble> squares;
  Matrix<double> paired;
  size_t rows = 0;
  for (size_t b = 0; b < batches; ++b) {
    const ScaledMatrix<double> scaled = x(b);
    const Matrix<double>& rows_of_batch = scaled.mantissa;
    batch_ = rows_of_batch.rows();
    for (size_t i = 0; i < batch_; ++i) {
      const double* row = rows_of_batch.row(i);
      const double square =
          std::inner_product(row, row + rows_of_batch.cols(), row, 0.0) /
          static_cast<double>(rows_of_batch.cols());
      squares.push_back({square, 2 * scaled.exponent[i]});
    }
    const size_t pool = batch_ > 1 ? batch_ : batches;
    if (b == 0) {
      paired.Resize(std::min(pool, kMostPaired), rows_of_batch.cols());
    }
    const size_t count = std::min(batch_, paired.rows() - rows);
    std::copy_n(rows_of_batch.data(), count * rows_of_batch.cols(),
                paired.row(rows));
    rows += count;
  }
  groups_ = Cut(squares, kSampleGroups, &sample_group_);
  const std::span<const ScaledDouble> of_paired(squares.data(), paired.rows());
  classes_ = Cut(of_paired, kClasses, &class_);
  GroupPairs(paired, of_paired, labels);
  FindOverlaps(paired, of_paired);
}

void BatchGeometry::GroupPairs(const Matrix<double>& x,
                               std::span<const ScaledDouble> squares,
                               const std::vector<size_t>& labels) {
  const size_t n = x.rows(), classes = classes_.size();
  pair_group_.assign(n * (n - 1) / 2, kNoPair);
  const Matrix<double> gram = ProductWithTransposed(x.view(), x.view());
  // The pairs of each two classes, with unequal and with equal labels.
  std::vector<std::vector<uint32_t>> members(2 * classes * classes);
  std::vector<double> distance(pair_group_.size());
  for (size_t k = 1, pair = 0; k < n; ++k) {
    for (size_t i = 0; i < k; ++i, ++pair) {
      const double a_square = squares[i].value, b_square = squares[k].value;
      if (a_square == 0 || b_square == 0) continue;
      const double norms = std::sqrt(a_square) * std::sqrt(b_square) *
                           static_cast<double>(x.cols());
      // Two equal rows must not get an angle from rounding.
      const double d = 1 - gram(i, k) / norms;
      distance[pair] = d < 1e-14 ? 0 : std::min(d, 2.0);
      const auto [a, b] = std::minmax(class_[i], class_[k]);
      const bool alike = !labels.empty() && labels[i] == labels[k];
      members[2 * (a * classes + b) + (alike ? 1 : 0)].push_back(
          static_cast<uint32_t>(pair));
      ++pair_count_;
    }
  }
  for (size_t ab = 0; ab < members.size(); ++ab) {
    std::vector<ScaledDouble> values;
    for (uint32_t pair : members[ab]) values.push_back({distance[pair], 0});
    std::vector<uint32_t> group_of;
    const auto first = static_cast<uint32_t>(pairs_.size());
    for (const Group& group : Cut(values, kAngles, &group_of)) {
      pairs_.push_back({static_cast<uint32_t>(ab / 2 / classes),
                        static_cast<uint32_t>(ab / 2 % classes),
                        group.square.value, 0, group.count});
    }
    for (size_t i = 0; i < members[ab].size(); ++i) {
      PairGroup& group = pairs_[first + group_of[i]];
      const double apart = distance[members[ab][i]] - group.one_minus_cosine;
      group.variance += apart * apart / group.count;
      pair_group_[members[ab][i]] = first + group_of[i];
    }
  }
}

void BatchGeometry::FindOverlaps(const Matrix<double>& x,
                                 std::span<const ScaledDouble> squares) {
  std::vector<double> shares(x.cols());  // Σ_a x_aj²/|x_a|²
  double count = 0, self = 0;
  for (size_t i = 0; i < x.rows(); ++i) {
    if (squares[i].value == 0) continue;
    const double norm = squares[i].value * static_cast<double>(x.cols());
    ++count;
    for (size_t j = 0; j < x.cols(); ++j) {
      const double share = x(i, j) * x(i, j) / norm;
      shares[j] += share;
      self += share * share;
    }
  }
  if (count == 0) return;
  const double all =
      std::inner_product(shares.begin(), shares.end(), shares.begin(), 0.0);
  self_overlap_ = self / count;
  if (count > 1) pair_overlap_ = (all - self) / (count * (count - 1));
}

}  // namespace initscope
